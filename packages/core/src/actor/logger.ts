/** Where an actor's words go: a message for people, and whatever belongs to it. It never throws. */
export interface Logger {
  debug(message: string, data?: unknown): void
  info(message: string, data?: unknown): void
  warn(message: string, data?: unknown): void
  error(message: string, data?: unknown): void
}

/** How much a line matters, the least first. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
