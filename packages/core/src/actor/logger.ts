/** Where an actor's words go. The shape of pino and most others. */
export interface Logger {
  debug(message: string, data?: unknown): void
  info(message: string, data?: unknown): void
  warn(message: string, data?: unknown): void
  error(message: string, data?: unknown): void
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
