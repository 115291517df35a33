/**
 * What `await` would wait for, as a promise whose `then` is the engine's: a promise of this or another realm, or
 * anything with a `then`.
 *
 * @returns null when there is nothing to wait for
 */
export function promiseOf(result: unknown): Promise<unknown> | null {
  if ((typeof result !== 'object' && typeof result !== 'function') || result === null) return null
  try {
    // Of anything but a plain promise, `then` is called later, and what it throws is a rejection.
    return result instanceof Promise || typeof (result as { then?: unknown }).then === 'function'
      ? Promise.resolve(result)
      : null
  } catch (thrown) {
    return Promise.reject(thrown)
  }
}
