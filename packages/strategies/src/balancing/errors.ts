import { TroupeError } from '@troupe/core'

/** A node has as many requests in service and in its queue as it may. */
export class NodeFullError extends TroupeError {
  override readonly name = 'NodeFullError'
  readonly code = 'NODE_FULL'
  override readonly retryable = true

  constructor(path: string, maxInFlight: number, maxQueued: number) {
    super(`${path} has ${maxInFlight} requests in service and ${maxQueued} queued; ask another node, or later`)
  }
}

/** A node finishes what it has and takes nothing new. */
export class NodeDrainingError extends TroupeError {
  override readonly name = 'NodeDrainingError'
  readonly code = 'NODE_DRAINING'
  override readonly retryable = true

  constructor(path: string) {
    super(`${path} is draining and takes no new requests; ask another node`)
  }
}

/** A balancer has no target available, and its queue has no room. The request was not sent. */
export class QueueFullError extends TroupeError {
  override readonly name = 'QueueFullError'
  readonly code = 'QUEUE_FULL'
  override readonly retryable = true

  constructor(path: string, maxQueued: number, targets: number) {
    super(`${path}: none of ${targets} targets is available and ${maxQueued} requests wait already; ask later`)
  }
}

/** No target became available while a request waited in a balancer's queue. The request was not sent. */
export class QueueTimeoutError extends TroupeError {
  override readonly name = 'QueueTimeoutError'
  readonly code = 'QUEUE_TIMEOUT'
  override readonly retryable = true

  constructor(path: string, waitedMs: number, targets: number) {
    super(`${path}: none of ${targets} targets became available within ${Math.round(waitedMs)} ms; ask later`)
  }
}

/** A router has nobody to hand a message to. It was not sent. */
export class NoRouteesError extends TroupeError {
  override readonly name = 'NoRouteesError'
  readonly code = 'NO_ROUTEES'
  override readonly retryable = true

  constructor(path: string) {
    super(`${path} has no routees at present; ask later, or use a balancer, which waits for one`)
  }
}

/** A message that begins with `$` is for the balancer, router or node itself, and it knows no such one. */
export class UnknownControlError extends TroupeError {
  override readonly name = 'UnknownControlError'
  readonly code = 'UNKNOWN_CONTROL'

  constructor(path: string, name: string) {
    super(`${path} knows no control message "${name}"; those that begin with $ are not passed on`)
  }
}
