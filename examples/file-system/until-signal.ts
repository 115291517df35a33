/** Signals that ask a program to end, with the status a shell gives them. */
const STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/** Waits for somebody to end this program. */
export interface UntilSignal {
  /** The status to end with: 128 and the number of the signal. */
  readonly status: Promise<number>
  /** Gives the signals their usual meaning back. */
  dispose(): void
}

/** From here on a signal does not end the process: whoever awaits `status` does, in order. */
export function untilSignal(): UntilSignal {
  const handlers: [signal: keyof typeof STATUS, handler: () => void][] = []
  const status = new Promise<number>((resolve) => {
    for (const [signal, code] of Object.entries(STATUS) as [keyof typeof STATUS, number][]) {
      const handler = (): void => resolve(code)
      handlers.push([signal, handler])
      process.on(signal, handler)
    }
  })
  const dispose = (): void => {
    for (const [signal, handler] of handlers) process.off(signal, handler)
  }
  return { status, dispose }
}
