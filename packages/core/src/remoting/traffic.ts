/** Messages between this node and others: those of users, without answers and what the system has to say. */
export interface RemoteStats {
  /** Given to a connection. What was lost with one is here, and not in `received` there. */
  readonly sent: number
  /** Come from other nodes, whatever became of them then. */
  readonly received: number
  /** Waiting to be sent: for a connection, for a link that is full, or for actors that do not keep up. */
  readonly queued: number
  /** Bytes of their payloads. */
  readonly queuedBytes: number
}

/** Counts over all peers that a node has had. */
export class Traffic {
  sent = 0
  received = 0
}
