/** Where a command prints. */
export interface Terminal {
  /** A line of what was asked for. */
  out(line: string): void
  /** Progress and complaints, with the ends of their lines. */
  err(text: string): void
  /** Whether progress may go back to the start of its line. */
  readonly isTerminal: boolean
}

/** The command was called wrongly: exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
