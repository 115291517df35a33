/** What a WebSocket transport has done, in numbers since its start. */
export interface WebSocketCounters {
  /** WebSockets that are open now, dialled ones included. */
  readonly open: number
  /** Sockets accepted that are no WebSocket yet. */
  readonly pending: number
  /** WebSockets accepted. */
  readonly accepted: number
  /** Pages turned away because their origin is not listed. */
  readonly originRefused: number
  /** Requests turned away because `maxConnections` were open. */
  readonly fullRefused: number
  /** Sockets given up because more than `maxPendingConnections` were none yet. */
  readonly pendingGivenUp: number
  /** Links closed for a frame larger than `maxFrameBytes`, or for one of a stranger larger than a greeting. */
  readonly framesTooLarge: number
}

/** The same while it is counted. */
export class Counters implements WebSocketCounters {
  open = 0
  pending = 0
  accepted = 0
  originRefused = 0
  fullRefused = 0
  pendingGivenUp = 0
  framesTooLarge = 0

  snapshot(): WebSocketCounters {
    const { open, pending, accepted, originRefused, fullRefused, pendingGivenUp, framesTooLarge } = this
    return { open, pending, accepted, originRefused, fullRefused, pendingGivenUp, framesTooLarge }
  }
}
