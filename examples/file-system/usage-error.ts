/** A command was called wrongly: its usage is shown, and the exit status is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
