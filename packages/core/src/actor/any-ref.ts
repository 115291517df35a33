/** What is known of any actor, whatever its protocol. */
export interface AnyRef {
  /** Where the actor stands below its node's root: `/user/store`. */
  readonly path: string
  /** Where the actor's node listens; an empty string when it does not. */
  readonly address: string
  /** Names this very actor, on every node and after any restart, never another one. */
  readonly id: string
}
