import type { Logger, LogLevel } from '../actor/logger.ts'

/** Takes what every actor of a system logs. */
export type LogSink = (level: LogLevel, path: string, message: string, data?: unknown) => void

/** Warnings and errors to standard error, one line each with the error's stack below; the rest nowhere. */
export function consoleSink(system: string): LogSink {
  return (level, path, message, data) => {
    if (level !== 'warn' && level !== 'error') return
    const more =
      data === undefined ? '' : data instanceof Error ? `\n${data.stack ?? data.message}` : ` ${JSON.stringify(data)}`
    console.error(`[${system}] ${level} ${path} ${message}${more}`)
  }
}

/** A sink that throws must not take down who logs: it is told on standard error, and what it had to log is lost. */
export function guarded(sink: LogSink): LogSink {
  return (level, path, message, data) => {
    try {
      sink(level, path, message, data)
    } catch (error) {
      console.error(`the log threw while logging "${message}" of ${path}:`, error)
    }
  }
}

/** A logger that says for which actor it speaks. */
export function loggerFor(sink: LogSink, path: string): Logger {
  return {
    debug: (message, data) => sink('debug', path, message, data),
    info: (message, data) => sink('info', path, message, data),
    warn: (message, data) => sink('warn', path, message, data),
    error: (message, data) => sink('error', path, message, data),
  }
}
