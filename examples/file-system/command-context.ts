import type { GatewayClient } from './gateway-client.ts'
import type { Output } from './progress.ts'

/** What a command gets. */
export interface CommandContext {
  readonly client: GatewayClient
  /** What was asked for. */
  readonly out: Output
  /** Everything else: progress, errors. */
  readonly err: Output
  readonly isJson: boolean
}
