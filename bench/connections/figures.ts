export type ServerCommand = 'figures' | 'broadcast'

/** Of a process that serves, all its threads included. */
export interface ServerFigures {
  readonly rssBytes: number
  readonly cpuMs: number
  /** Clients that have said that they are there. */
  readonly inHall: number
}

/** Those of this process, after a collection if it can be asked for one. */
export function figures(inHall: number): ServerFigures {
  const collect = (globalThis as { gc?: () => void }).gc
  collect?.()
  const { user, system } = process.cpuUsage()
  return { rssBytes: process.memoryUsage.rss(), cpuMs: (user + system) / 1_000, inHall }
}
