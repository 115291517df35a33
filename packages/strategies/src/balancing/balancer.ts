import {
  type Actor,
  type AnyRef,
  AskError,
  actor,
  type Context,
  is,
  type Protocol,
  type Ref,
  requireOptions,
  type Terminated,
} from '@troupe/core'
import { defined } from '../defined.ts'
import { type AnyProtocol, passOn, refusalOf, relayed } from '../relay.ts'
import { QueueFullError, QueueTimeoutError, UnknownControlError } from './errors.ts'
import { keyOfPayload } from './hash-balancing.ts'
import { type Request, RequestQueue } from './request-queue.ts'
import { type BalancingChoice, type BalancingStrategy, chosen, isChoice } from './strategy.ts'
import {
  areTargets,
  isProtocol,
  type Member,
  type TargetControl,
  TargetSet,
  type WeightedTarget,
} from './target-set.ts'

/** Over whom a balancer spreads requests, and how long they and their targets may take. */
export interface BalancerOptions<P> {
  /** Who gets the next request. */
  readonly strategy: BalancingChoice
  /** Targets from the start. Default none. One that ends is gone until it is added again. */
  readonly targets?: readonly (Ref<P> | WeightedTarget<P>)[]
  /** Follows the actors registered under this protocol, here and on connected nodes, each of weight 1. */
  readonly follow?: Protocol<P>
  /** Finds the key of a request, for strategies that use one. Default: a string payload, or its `key`. */
  readonly key?: (name: string, payload: unknown) => string | undefined
  /** Requests that one target may have at once from this balancer; more wait. Default: no limit. */
  readonly maxInFlight?: number
  /** Requests that may wait while no target is available; more are refused with QUEUE_FULL. Default 1,000. */
  readonly maxQueued?: number
  /** How long a request may wait for a target, in ms; never beyond its own deadline. Default 2,000. */
  readonly queueTimeoutMs?: number
  /** How long a target that failed gets nothing, in ms; then it is tried again. Default 1,000. */
  readonly failTimeoutMs?: number
  /** How long a target that refused with NODE_FULL gets nothing, in ms. Default 20. */
  readonly fullTimeoutMs?: number
  /**
   * Whether to ask another target when a connection was lost after the request was sent. Safe only where doing
   * it twice is as good as once. Default false.
   */
  readonly retryUnknown?: boolean
}

/**
 * 2 s of waiting end before the usual deadline of 5 s, so that the asker hears why; 1 s without requests lets a
 * node restart; 1,000 requests of a few KB are a few MB.
 */
const DEFAULTS = {
  key: keyOfPayload,
  maxInFlight: Number.POSITIVE_INFINITY,
  maxQueued: 1_000,
  queueTimeoutMs: 2_000,
  failTimeoutMs: 1_000,
  fullTimeoutMs: 20,
  retryUnknown: false,
} as const

/** What a balancer answers besides its targets' protocol. */
export interface BalancerControl<P> extends TargetControl<P> {
  $report: () => BalancerReport
}

/** A balancer at one moment. */
export interface BalancerReport {
  readonly strategy: string
  readonly queued: number
  readonly targets: readonly {
    readonly ref: AnyRef
    readonly weight: number
    readonly inFlight: number
    readonly available: boolean
  }[]
}

interface Inner extends BalancerControl<AnyProtocol> {
  $followed: (refs: readonly Ref<AnyProtocol>[]) => void
  $ended: (notice: Terminated) => void
  $retry: () => void
  $expire: (request: Request) => void
}

/**
 * Spreads requests over targets that speak the same protocol, and speaks it itself. Asks are relayed with the
 * caller's remaining time; tells are passed on. While no target is available requests wait in order of arrival.
 *
 * A target leaves when it ends, or for `failTimeoutMs` when it cannot be reached. A request that surely never
 * reached a handler is given to the next target; one of unknown outcome is not, unless `retryUnknown` says so:
 * its asker gets the code ASK_UNKNOWN as the cause. A tell is never given twice.
 *
 * @throws {InvalidOptionError | UnknownOptionError}
 */
export function balancer<P>(options: BalancerOptions<P>): Actor<P & BalancerControl<P>>
export function balancer(options: BalancerOptions<AnyProtocol>): Actor<BalancerControl<AnyProtocol>> {
  requireOptions(
    'balancer',
    options,
    { strategy: isChoice },
    {
      targets: areTargets,
      follow: isProtocol,
      key: is.function,
      maxInFlight: is.integer(1),
      maxQueued: is.integer(0),
      queueTimeoutMs: is.number(1),
      failTimeoutMs: is.number(0),
      fullTimeoutMs: is.number(0),
      retryUnknown: is.boolean,
    },
  )
  const token: Protocol<Inner> = { id: options.follow?.id ?? 'balancer' }
  return actor(token, (ctx) => {
    const started = new Balancer(ctx, chosen(options.strategy, ctx.random), { ...DEFAULTS, ...defined(options) })
    for (const target of options.targets ?? []) started.$add('ref' in target ? target : { ref: target })
    if (options.follow !== undefined) ctx.subscribe(options.follow, '$followed')
    return started
  })
}

type Settings = Required<Omit<BalancerOptions<AnyProtocol>, 'strategy' | 'targets' | 'follow'>>

class Balancer {
  readonly #ctx: Context<Inner>
  readonly #strategy: BalancingStrategy
  readonly #settings: Settings
  readonly #targets: TargetSet
  readonly #queue = new RequestQueue()
  #sequence = 0

  constructor(ctx: Context<Inner>, strategy: BalancingStrategy, settings: Settings) {
    this.#ctx = ctx
    this.#strategy = strategy
    this.#settings = settings
    this.#targets = new TargetSet(ctx, settings.maxInFlight)
  }

  // Messages

  unhandled(name: string, payload: unknown): unknown {
    const { self, clock, remainingMs } = this.#ctx
    if (name.startsWith('$')) return this.#ctx.replyError(new UnknownControlError(self.path, name))
    const { maxQueued, queueTimeoutMs, key } = this.#settings
    // Those who came first are served first: with a queue, everybody goes through it.
    const target = this.#queue.size > 0 ? undefined : this.#pick(key(name, payload))
    if (target === undefined && this.#queue.size >= maxQueued) {
      const error = new QueueFullError(self.path, maxQueued, this.#targets.size)
      if (remainingMs === null) this.#ctx.log.warn(`dropped "${name}", which nobody waits for: ${error.code}`)
      return this.#ctx.replyError(error)
    }
    const request: Request = {
      sequence: ++this.#sequence,
      name,
      payload,
      key: key(name, payload),
      reply: remainingMs === null ? null : this.#ctx.reply(),
      dueMs: clock.now() + (remainingMs ?? queueTimeoutMs),
      timer: null,
    }
    if (target === undefined) this.#enqueue(request)
    else this.#send(target, request)
    return request.reply ?? undefined
  }

  $add({ ref, weight = 1 }: WeightedTarget<AnyProtocol>): void {
    this.#targets.add(ref, weight)
    this.#drain()
  }

  $remove(ref: AnyRef): void {
    this.#targets.remove(ref)
  }

  $report(): BalancerReport {
    const available = new Set(this.#targets.available)
    return {
      strategy: this.#strategy.name,
      queued: this.#queue.size,
      targets: [...this.#targets.all].map((member) => ({
        ref: member.ref,
        weight: member.weight,
        inFlight: member.inFlight,
        available: available.has(member),
      })),
    }
  }

  $followed(refs: readonly Ref<AnyProtocol>[]): void {
    this.#targets.follow(refs)
    this.#drain()
  }

  $ended({ ref }: Terminated): void {
    this.#targets.drop(ref)
  }

  $retry(): void {
    this.#targets.refresh()
    this.#drain()
  }

  $expire(request: Request): void {
    if (!this.#queue.remove(request)) return
    const error = new QueueTimeoutError(this.#ctx.self.path, this.#settings.queueTimeoutMs, this.#targets.size)
    if (request.reply === null) this.#ctx.log.warn(`dropped "${request.name}", which nobody waits for: ${error.code}`)
    request.reply?.reject(error)
  }

  // Requests on their way

  #pick(key: string | undefined): Member | undefined {
    const { available } = this.#targets
    return available.length === 0 ? undefined : this.#strategy.pick(available, key)
  }

  #enqueue(request: Request): void {
    const waitMs = Math.min(this.#settings.queueTimeoutMs, request.dueMs - this.#ctx.clock.now())
    request.timer = this.#ctx.after(waitMs, '$expire', request)
    this.#queue.add(request)
  }

  /** Gives those that wait to whom is available, in order. */
  #drain(): void {
    while (this.#queue.size > 0 && this.#targets.available.length > 0) {
      const request = this.#queue.shift()!
      request.timer?.cancel()
      const target = this.#pick(request.key)
      if (target === undefined) return this.#enqueue(request)
      this.#send(target, request)
    }
  }

  #send(target: Member, request: Request): void {
    const { name, payload, reply, dueMs } = request
    if (reply === null) {
      passOn(this.#ctx, target.ref, name, payload)
      return
    }
    this.#targets.started(target)
    const timeoutMs = Math.max(1, dueMs - this.#ctx.clock.now())
    target.ref.ask(name, payload, { timeoutMs }).then(
      (value) => {
        reply.resolve(value)
        this.#ended(target)
      },
      (error) => {
        if (!this.#ctx.signal.aborted) this.#failed(target, request, error)
        this.#ended(target)
      },
    )
  }

  #ended(target: Member): void {
    this.#targets.ended(target)
    if (!this.#ctx.signal.aborted) this.#drain()
  }

  /** An ask failed: says what that means for the target, and who answers for the request. */
  #failed(target: Member, request: Request, error: unknown): void {
    const verdict = error instanceof AskError ? judge(error) : 'answer'
    if (verdict === 'answer') {
      request.reply?.reject(relayed(error))
      return
    }
    const { failTimeoutMs, fullTimeoutMs, retryUnknown } = this.#settings
    if (verdict === 'draining') this.#targets.takeOut(target, Number.POSITIVE_INFINITY)
    else this.#takeOut(target, verdict === 'full' ? fullTimeoutMs : failTimeoutMs)
    if (verdict === 'lost' && !retryUnknown) request.reply?.reject(error)
    else if (request.dueMs > this.#ctx.clock.now()) this.#enqueue(request)
    else request.reply?.reject(error)
  }

  #takeOut(target: Member, forMs: number): void {
    this.#targets.takeOut(target, this.#ctx.clock.now() + forMs)
    this.#ctx.after(forMs, '$retry')
  }
}

/**
 * What a failed ask means. `answer`: the asker's business. The others concern the target: `full` and `draining`
 * were refused unseen, `away` was never sent, `lost` may have been handled.
 */
function judge(error: AskError): 'answer' | 'full' | 'draining' | 'away' | 'lost' {
  if (error.outcome === 'failed') {
    const code = refusalOf(error)
    return code === 'NODE_FULL' ? 'full' : code === 'NODE_DRAINING' ? 'draining' : 'answer'
  }
  if (error.outcome === 'unknown') return LOST.has(error.reason) ? 'lost' : 'answer'
  return OF_THE_MESSAGE.has(error.reason) ? 'answer' : error.reason === 'outbound-full' ? 'full' : 'away'
}

const LOST: ReadonlySet<string> = new Set(['link-lost', 'node-down', 'stopped'])
/** Another target would do no better. */
const OF_THE_MESSAGE: ReadonlySet<string> = new Set(['unhandled', 'not-serializable', 'timeout', 'aborted'])
