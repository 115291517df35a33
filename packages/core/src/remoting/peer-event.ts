/** Another node, as it introduced itself. */
export interface Peer {
  /** Identity of its present run: a restarted node is another peer. */
  readonly uid: string
  readonly name: string
  /** Where it listens; an empty string when it only dials. */
  readonly address: string
  /** There for a client, which reaches what it was given and nothing else. Any other is a node like this one. */
  readonly role?: 'client'
}

/** What happens to connections, as system events. */
export type PeerEvent =
  /** Connected, for the first time or again. */
  | { readonly type: 'peer-up'; readonly peer: Peer }
  /** The connection is lost. Not a death: it may come back within `disconnectGraceMs`. */
  | { readonly type: 'peer-lost'; readonly peer: Peer; readonly why: string }
  /** Down for good: its watchers have been told, and this run of it is never talked to again. */
  | { readonly type: 'peer-down'; readonly peer: Peer; readonly reason: 'node-down' | 'node-restarted' | 'left' }
  /**
   * So many of the system's own messages wait for the peer, or for its word that they have come, that it counts as down
   * from here on: it takes no part any more, and what it does not take would fill the memory of this node.
   */
  | { readonly type: 'system-backlog'; readonly peer: Peer; readonly messages: number }
  /** A connection was refused, by this side or the other. */
  | { readonly type: 'link-refused'; readonly peer: string; readonly code: string; readonly message: string }
  /** A link was closed because its bytes broke the protocol. Other links are untouched. */
  | { readonly type: 'link-broken'; readonly peer: string; readonly message: string }
