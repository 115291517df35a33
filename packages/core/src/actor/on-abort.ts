/**
 * Calls `task` once `signal` is aborted: now, if it is already.
 *
 * @returns stops listening; null when there is nothing to stop
 */
export function onAbort(signal: AbortSignal, task: () => void): (() => void) | null {
  if (signal.aborted) {
    task()
    return null
  }
  signal.addEventListener('abort', task, { once: true })
  return () => signal.removeEventListener('abort', task)
}
