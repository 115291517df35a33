import {
  type AnyRef,
  actor,
  type Context,
  type Forwarded,
  InvalidOptionError,
  is,
  type Message,
  type OptionCheck,
  type Ref,
  type Terminated,
} from '@troupe/core'
import { type AnyProtocol, passOn, relayed } from '../relay.ts'
import { NoRouteesError, UnknownControlError } from './errors.ts'
import { keyOfPayload } from './hash-balancing.ts'
import { type BalancingChoice, type BalancingStrategy, chosen } from './strategy.ts'
import { type Member, TargetSet } from './target-set.ts'

/** How a router chooses. */
export interface RouterOptions {
  /**
   * Who gets the next message. Asks are handed on with their asker; where the strategy looks at requests in flight
   * (`usesInFlight`, as `LeastConnections` does) they are relayed instead, so that the router hears how they end.
   */
  readonly strategy: BalancingChoice
  /** Finds the key of a message, for strategies that use one. Default: a string payload, or its `key`. */
  readonly key?: (name: string, payload: unknown) => string | undefined
}

/** The checks of {@link RouterOptions.key}; the strategy is needed, so that its check stands elsewhere. */
export const routerChecks: Readonly<Record<string, OptionCheck>> = { key: is.function }

/** What a router answers besides its routees' protocol. */
export interface RouterControl<P> {
  /**
   * Tells one message to every routee: `['note', 'text']`. Answers how many there are; what they would answer is
   * dropped.
   */
  $broadcast: (message: Message<P>) => number
  $report: () => RouterReport
}

/** A router at one moment. */
export interface RouterReport {
  readonly strategy: string
  readonly routees: readonly {
    readonly ref: AnyRef
    /** By which the strategy knows it. */
    readonly id: string
    readonly weight: number
    /** Asks given to it and not answered yet; null where the strategy does not look at that: nobody counts. */
    readonly inFlight: number | null
  }[]
}

/** Exists to have no handlers: what it is told becomes a dead letter that says why by its path. */
const nobody = actor('no-routees', () => ({}))

/**
 * Hands each message to one of several routees, as a strategy decides: what `pool` and `group` have in common. It
 * keeps nothing and tries nothing twice. A message handed on costs no promise, unless it is an ask that is counted.
 */
export class Router {
  readonly targets: TargetSet
  readonly #ctx: Context<{ $ended: (notice: Terminated) => void }>
  readonly #strategy: BalancingStrategy
  readonly #key: (name: string, payload: unknown) => string | undefined
  readonly #counts: boolean
  #open: (() => Promise<void>) | null
  #nobody: Ref<Record<never, never>> | null = null

  /**
   * @param open finds the first targets: awaited by the first message, so that those behind it keep their order;
   *   null where they are there from the start
   */
  constructor(
    ctx: Context<{ $ended: (notice: Terminated) => void }>,
    { strategy, key = keyOfPayload }: RouterOptions,
    open: (() => Promise<void>) | null,
  ) {
    this.targets = new TargetSet(ctx, Number.POSITIVE_INFINITY)
    this.#ctx = ctx
    this.#strategy = chosen(strategy, ctx.random)
    this.#key = key
    this.#counts = this.#strategy.usesInFlight ?? false
    this.#open = open
  }

  /** Does it now, or when the first targets are known: the handler then returns a promise. */
  whenOpen<R>(act: () => R): R | Promise<R> {
    return this.#open === null ? act() : this.#opened(act)
  }

  async #opened<R>(act: () => R): Promise<R> {
    await this.#open?.()
    this.#open = null
    return act()
  }

  /** The present message, to be returned from `unhandled`. */
  route(name: string, payload: unknown): unknown {
    if (this.#open !== null) return this.#opened(() => this.route(name, payload))
    if (name.startsWith('$')) return this.refuse(name, new UnknownControlError(this.#ctx.self.path, name))
    const { available } = this.targets
    const target = available.length === 0 ? undefined : this.#strategy.pick(available, this.#key(name, payload))
    const { remainingMs } = this.#ctx
    if (target === undefined) return this.#routeToNobody(name, payload, remainingMs !== null)
    if (remainingMs === null) return passOn(this.#ctx, target.ref, name, payload)
    if (this.#counts) return this.#relay(target, name, payload, remainingMs)
    return this.#ctx.forward(target.ref, name, payload)
  }

  broadcast(message: Message<AnyProtocol>): number | Promise<number> | Forwarded {
    if (!Array.isArray(message) || typeof message[0] !== 'string') {
      const expected = 'an array of a name and its payload'
      return this.refuse('$broadcast', new InvalidOptionError('$broadcast', 'message', expected, message))
    }
    return this.whenOpen(() => {
      const [name, payload] = message
      for (const { ref } of this.targets.all) passOn(this.#ctx, ref, name, payload)
      if (this.targets.size === 0) this.#routeToNobody(name, payload, false)
      return this.targets.size
    })
  }

  report(): RouterReport | Promise<RouterReport> {
    return this.whenOpen(() => ({
      strategy: this.#strategy.name,
      routees: [...this.targets.all].map(({ ref, id, weight, inFlight }) => ({
        ref,
        id,
        weight,
        inFlight: this.#counts ? inFlight : null,
      })),
    }))
  }

  /** Answers the present message with an error; where nobody waits for it, a log line has to do. */
  refuse(name: string, error: UnknownControlError | InvalidOptionError): Forwarded {
    if (this.#ctx.remainingMs === null) this.#ctx.log.warn(`dropped "${name}", which nobody waits for`, error)
    return this.#ctx.replyError(error)
  }

  #routeToNobody(name: string, payload: unknown, asked: boolean): unknown {
    if (asked) return this.#ctx.replyError(new NoRouteesError(this.#ctx.self.path))
    this.#nobody ??= this.#ctx.spawn(nobody, { name: 'no-routees' })
    return passOn(this.#ctx, this.#nobody, name, payload)
  }

  #relay(target: Member, name: string, payload: unknown, remainingMs: number): unknown {
    const reply = this.#ctx.reply<unknown>()
    this.targets.started(target)
    target.ref.ask(name, payload, { timeoutMs: Math.max(1, remainingMs) }).then(
      (value) => {
        this.targets.ended(target)
        reply.resolve(value)
      },
      (error) => {
        this.targets.ended(target)
        reply.reject(relayed(error))
      },
    )
    return reply
  }
}
