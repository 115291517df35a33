import {
  type Actor,
  actor,
  type Context,
  type Forwarded,
  InvalidOptionError,
  is,
  type Message,
  oneForOne,
  type Protocol,
  type Ref,
  requireOptions,
  type Supervision,
  type Terminated,
} from '@troupe/core'
import { defined } from '../defined.ts'
import type { AnyProtocol } from '../relay.ts'
import { type Crew, type CrewSettings, crew, type Routee } from './crew.ts'
import { Router, type RouterControl, type RouterOptions, type RouterReport, routerChecks } from './router.ts'
import { isChoice } from './strategy.ts'

/** How a pool chooses, how many routees it has, and what becomes of those that end. */
export interface PoolOptions extends RouterOptions {
  /** How many routees there are to be. */
  readonly size: number
  /** What happens when a routee fails. Default: `oneForOne()`, which keeps what is queued for it. */
  readonly supervise?: Supervision
  /**
   * How long after the end of a routee another one takes its place, in ms; false: none does. Default 100. The new
   * one has the keys of the old one, and nothing of what was queued for it.
   */
  readonly replaceAfterMs?: number | false
  /**
   * What happens when the last routee has ended. `refuse`: asks fail with NO_ROUTEES and tells become dead letters
   * until there is another one. `stop`: the pool stops. Default `refuse`.
   */
  readonly whenEmpty?: 'refuse' | 'stop'
  /**
   * How long the routees may take to handle what they were given when the pool stops, in ms; 0: not at all on a plain
   * stop. Keep it below the pool's own `stopTimeoutMs`. Default 4,000.
   */
  readonly drainTimeoutMs?: number
}

/**
 * 100 ms keep a routee that cannot start from being started in a loop; 4 s leave the rest of the 5 that an actor
 * has to stop for those that overrun them.
 */
const DEFAULTS = { replaceAfterMs: 100, whenEmpty: 'refuse', drainTimeoutMs: 4_000 } as const

/** What a pool answers besides its routees' protocol. */
export interface PoolControl<P> extends RouterControl<P> {
  /**
   * Starts routees, or takes some off: those handle what they were given, then stop. Brings back at once those that
   * have ended.
   */
  $resize: (size: number) => void
}

interface Inner extends PoolControl<AnyProtocol> {
  $joined: (routee: Routee) => void
  $ended: (notice: Terminated) => void
  $empty: () => void
}

/**
 * A router over routees of its own: it starts them, has them supervised, and replaces those that end. It speaks
 * their protocol, and hands each message to one of them as it comes, with its asker.
 *
 * It has no queue but those of the routees, and tries nothing again: what was given to a routee that then ends is
 * lost with it. Where that matters, use `balancer`.
 *
 * When the pool stops, the routees first handle what they were given. Stopped with `drain`, that is everything sent
 * before; else what the pool has not handed on yet becomes dead letters.
 *
 * @throws {InvalidOptionError | UnknownOptionError}
 */
export function pool<P>(definition: Actor<P>, options: PoolOptions): Actor<P & PoolControl<P>>
export function pool(definition: Actor<AnyProtocol>, options: PoolOptions): Actor<PoolControl<AnyProtocol>> {
  requireOptions(
    'pool',
    options,
    { size: is.integer(1), strategy: isChoice },
    {
      ...routerChecks,
      supervise: is.objectWith('a supervision, such as oneForOne()', 'supervise'),
      replaceAfterMs: (value) => (value === false || is.number(1)(value) === null ? null : 'false or at least 1'),
      whenEmpty: is.oneOf('refuse', 'stop'),
      drainTimeoutMs: is.number(0),
    },
  )
  if (typeof definition?.setup !== 'function') {
    throw new InvalidOptionError('pool', 'definition', 'made by actor(...)', definition)
  }
  const token: Protocol<Inner> = { id: definition.id }
  return actor(token, (ctx) => new Pool(ctx, definition, { ...DEFAULTS, supervise: oneForOne(), ...defined(options) }))
}

/** What escalates to the crew is the pool's affair: it fails with the same error. */
const escalate = oneForOne({ decide: () => 'escalate' })

class Pool {
  readonly #ctx: Context<Inner>
  readonly #crew: Ref<Crew>
  readonly #router: Router
  #size: number

  constructor(
    ctx: Context<Inner>,
    definition: Actor<AnyProtocol>,
    settings: CrewSettings & RouterOptions & { readonly drainTimeoutMs: number },
  ) {
    const { drainTimeoutMs } = settings
    this.#ctx = ctx
    this.#size = settings.size
    this.#crew = ctx.spawn(crew(definition, settings, ctx.self), { name: 'routees', supervise: escalate })
    // The last one started is the first one stopped: while it takes its time, the routees go on.
    const gate = ctx.spawn(drainGate(this.#crew, drainTimeoutMs), {
      name: 'drain',
      stopTimeoutMs: drainTimeoutMs + 1_000,
    })
    this.#router = new Router(ctx, settings, async () => {
      for (const routee of await gate.ask('routees')) this.$joined(routee)
    })
  }

  unhandled(name: string, payload: unknown): unknown {
    return this.#router.route(name, payload)
  }

  $broadcast(message: Message<AnyProtocol>): number | Promise<number> | Forwarded {
    return this.#router.broadcast(message)
  }

  $report(): RouterReport | Promise<RouterReport> {
    return this.#router.report()
  }

  $resize(size: number): unknown {
    const expected = is.integer(1)(size)
    if (expected === null) return this.#router.whenOpen(() => this.#resize(size))
    return this.#router.refuse('$resize', new InvalidOptionError('$resize', 'size', expected, size))
  }

  $joined({ ref, slot }: Routee): void {
    const { targets } = this.#router
    // It was started before the crew heard of a smaller size.
    if (targets.size >= this.#size) this.#crew.tell('resize', { size: this.#size, retire: [ref] })
    else targets.add(ref, 1, String(slot))
  }

  $ended({ ref }: Terminated): void {
    this.#router.targets.drop(ref)
  }

  $empty(): void {
    this.#ctx.stop()
  }

  #resize(size: number): void {
    const { targets } = this.#router
    const retire = [...targets.all].slice(size).map(({ ref }) => ref)
    // First taken off here, then drained there: nothing can come behind what they have.
    for (const ref of retire) targets.remove(ref)
    this.#size = size
    this.#crew.tell('resize', { size, retire })
  }
}

interface DrainGate {
  routees: () => readonly Routee[]
}

/** Holds up the stop of a pool until its routees have handled what they were given. */
function drainGate(crew: Ref<Crew>, timeoutMs: number): Actor<DrainGate> {
  const token: Protocol<DrainGate> = { id: 'drain' }
  return actor(token, (ctx) => {
    if (timeoutMs > 0) {
      // Those that do not make it in time are stopped like any other child.
      const over = (): void => {}
      ctx.onStop(() => crew.ask('drain', undefined, { timeoutMs }).then(over, over))
    }
    // Asked of the gate and not of the crew: who has the answer knows that the gate stands.
    return { routees: () => ctx.forward(crew, 'routees') }
  })
}
