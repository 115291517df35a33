import {
  type Actor,
  actor,
  type Context,
  type Deferred,
  is,
  oneForOne,
  type Protocol,
  type Ref,
  requireOptions,
  type Supervision,
} from '@troupe/core'
import { defined } from '../defined.ts'
import { type AnyProtocol, relayed } from '../relay.ts'
import { NodeDrainingError, NodeFullError, UnknownControlError } from './errors.ts'

/** How much a node takes on at once, and what happens when its service fails. */
export interface NodeOptions {
  /** Requests in the service at once, each until it is answered. Default 64. */
  readonly maxInFlight?: number
  /** Requests that wait for the service beyond these; more are refused with NODE_FULL. Default 256. */
  readonly maxQueued?: number
  /** How long a message nobody waits for may occupy the service, in ms. Default 30,000. */
  readonly tellTimeoutMs?: number
  /** What happens when the service fails. Default: `oneForOne()`; the node stops when that gives up. */
  readonly supervise?: Supervision
}

/** Small enough that a burst waits a few turns, not minutes, before somebody else is asked. */
const DEFAULTS = { maxInFlight: 64, maxQueued: 256, tellTimeoutMs: 30_000 } as const

/** What a node answers besides its service's own protocol. */
export interface NodeControl {
  $report: () => NodeReport
  /** Refuses new requests from now on, answers when all accepted ones are done, then stops the node. */
  $drain: () => void
}

/** A node at one moment. */
export interface NodeReport {
  readonly inFlight: number
  readonly queued: number
  readonly maxInFlight: number
  readonly draining: boolean
  /** Since its start: requests answered, failed in the service, and refused. */
  readonly answered: number
  readonly failed: number
  readonly refused: number
}

interface Inner extends NodeControl {
  $ended: () => void
}

interface Waiting {
  readonly name: string
  readonly payload: unknown
  readonly reply: Deferred<unknown>
  readonly dueMs: number
}

/**
 * Hosts a service: limits how many requests are in it at once, queues some more, refuses the rest with a code,
 * reports its load, and drains. It speaks the service's protocol; a request costs one ask more.
 *
 * A request that runs out of time frees its place, though the service may still be busy with it. A tell that
 * is refused is counted and logged.
 */
export function node<P>(service: Actor<P>, options?: NodeOptions): Actor<P & NodeControl>
export function node(service: Actor<AnyProtocol>, options: NodeOptions = {}): Actor<NodeControl> {
  requireOptions(
    'node',
    options,
    {},
    {
      maxInFlight: is.integer(1),
      maxQueued: is.integer(0),
      tellTimeoutMs: is.number(1),
      supervise: is.objectWith('a supervision, such as oneForOne()', 'supervise'),
    },
  )
  const token: Protocol<Inner> = { id: service.id }
  return actor(token, (ctx) => {
    const ref = ctx.spawn(service, { name: 'service', supervise: options.supervise ?? oneForOne() })
    ctx.watch(ref, '$ended')
    return new Node(ctx, ref, { ...DEFAULTS, ...defined(options) })
  })
}

class Node {
  readonly #ctx: Context<Inner>
  readonly #service: Ref<AnyProtocol>
  readonly #limits: Required<Omit<NodeOptions, 'supervise'>>
  #waiting: Waiting[] = []
  #inFlight = 0
  #answered = 0
  #failed = 0
  #refused = 0
  /** Those who wait for the end of draining; null while it has not begun. */
  #drained: Deferred<void>[] | null = null

  constructor(ctx: Context<Inner>, service: Ref<AnyProtocol>, limits: Required<Omit<NodeOptions, 'supervise'>>) {
    this.#ctx = ctx
    this.#service = service
    this.#limits = limits
  }

  unhandled(name: string, payload: unknown): unknown {
    const { self, remainingMs, clock } = this.#ctx
    if (name.startsWith('$')) return this.#ctx.replyError(new UnknownControlError(self.path, name))
    const { maxInFlight, maxQueued, tellTimeoutMs } = this.#limits
    if (this.#drained !== null) return this.#refuse(name, new NodeDrainingError(self.path))
    if (this.#inFlight >= maxInFlight && this.#waiting.length >= maxQueued) this.#dropExpired()
    if (this.#inFlight >= maxInFlight && this.#waiting.length >= maxQueued)
      return this.#refuse(name, new NodeFullError(self.path, maxInFlight, maxQueued))
    const dueMs = clock.now() + (remainingMs ?? tellTimeoutMs)
    const waiting = { name, payload, reply: this.#ctx.reply(), dueMs }
    if (this.#inFlight < maxInFlight) this.#serve(waiting)
    else this.#waiting.push(waiting)
    return waiting.reply
  }

  $report(): NodeReport {
    return {
      inFlight: this.#inFlight,
      queued: this.#waiting.length,
      maxInFlight: this.#limits.maxInFlight,
      draining: this.#drained !== null,
      answered: this.#answered,
      failed: this.#failed,
      refused: this.#refused,
    }
  }

  $drain(): Deferred<void> {
    const reply = this.#ctx.reply<void>()
    this.#drained ??= []
    this.#drained.push(reply)
    this.#endIfDrained()
    return reply
  }

  $ended(): void {
    this.#ctx.stop()
  }

  #refuse(name: string, error: NodeFullError | NodeDrainingError): unknown {
    this.#refused++
    if (this.#ctx.remainingMs === null) this.#ctx.log.warn(`refused "${name}", which nobody waits for: ${error.code}`)
    return this.#ctx.replyError(error)
  }

  #serve({ name, payload, reply, dueMs }: Waiting): void {
    this.#inFlight++
    const timeoutMs = Math.max(1, dueMs - this.#ctx.clock.now())
    this.#service.ask(name, payload, { timeoutMs }).then(
      (value) => {
        this.#answered++
        reply.resolve(value)
        this.#served()
      },
      (error) => {
        this.#failed++
        reply.reject(relayed(error))
        this.#served()
      },
    )
  }

  #served(): void {
    this.#inFlight--
    if (this.#ctx.signal.aborted) return
    this.#dropExpired()
    const next = this.#waiting.shift()
    if (next !== undefined) this.#serve(next)
    this.#endIfDrained()
  }

  /** Whoever asked has given up by then: the work would be for nothing. */
  #dropExpired(): void {
    const now = this.#ctx.clock.now()
    if (this.#waiting.every(({ dueMs }) => dueMs > now)) return
    const { maxInFlight, maxQueued } = this.#limits
    for (const { dueMs, reply } of this.#waiting) {
      if (dueMs <= now) reply.reject(new NodeFullError(this.#ctx.self.path, maxInFlight, maxQueued))
    }
    this.#waiting = this.#waiting.filter(({ dueMs }) => dueMs > now)
  }

  #endIfDrained(): void {
    if (this.#drained === null || this.#inFlight > 0 || this.#waiting.length > 0) return
    for (const reply of this.#drained) reply.resolve()
    this.#drained = []
    this.#ctx.stop()
  }
}
