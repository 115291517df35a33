/**
 * Finds out where the nodes of a cluster may be: what `seeds` of {@link createSystem} can be besides a list. It is asked
 * again and again, so it keeps nothing that may be out of date, and finds those who come later.
 */
export interface Discovery {
  /** For the log: `dns nodes.example.org`. */
  readonly name: string
  /**
   * The addresses of all nodes that may be there, in any order, that of the asking node among them. Nobody yet is an
   * empty list and no failure.
   *
   * @param signal aborted when the answer is of no use any more: it takes 5 s, or the node stops
   * @returns rejects when it cannot tell; then what was found before is kept, and it is asked again
   */
  lookup(signal: AbortSignal): Promise<readonly string[]>
}
