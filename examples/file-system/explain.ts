import { DataFolderError } from './data-folder.ts'
import { GatewayError } from './gateway-client.ts'
import { UsageError } from './usage-error.ts'

/** Where the gateway listens unless it is told otherwise. */
export const DEFAULT_PORT = 4480

/** What an error means for whoever typed the command. */
export interface Explanation {
  readonly message: string
  /** The command was called wrongly: show how it is meant. */
  readonly isUsage: boolean
}

export function explain(error: unknown): Explanation {
  if (!(error instanceof Error)) return { message: String(error), isUsage: false }
  const code = 'code' in error ? String(error.code) : ''
  if (error instanceof UsageError || code.startsWith('ERR_PARSE_ARGS')) return { message: error.message, isUsage: true }
  return { message: adviceFor(error, code), isUsage: false }
}

function adviceFor(error: Error, code: string): string {
  if (error instanceof DataFolderError) return error.message
  if (error instanceof GatewayError) return `${error.message} (${error.code}). ${error.advice}`
  if (code === 'EADDRINUSE') return `${error.message}; end who listens there, or choose another port with --port N`
  if (code === 'ECONNREFUSED') return `${error.message}; start it with: npm run serve, or name it with --gateway URL`
  return error.message === '' ? code : error.message
}
