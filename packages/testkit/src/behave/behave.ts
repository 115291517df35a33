import {
  type Actor,
  type ActorSystem,
  type AnyRef,
  AskError,
  type AskOptions,
  type Context,
  checkOptions,
  createSystem,
  type Interceptor,
  is,
  type MessageName,
  type Payload,
  type Ref,
  type Reply,
  type SpawnArgs,
  type SpawnOptions,
} from '@troupe/core'
import { type ManualRuntime, manualRuntime } from '@troupe/core/testing'
import { ActorProbe, type Anything, type Probe, type ProbeAnswer, ProbeError } from '../probe.ts'
import type { Effect } from './effect.ts'
import { type AnyDefinition, type AnyProtocol, type Recorder, RecordingContext } from './recording-context.ts'

/** How {@link behave} starts an actor. Its name is `subject` unless another is given. */
export interface BehaveOptions extends SpawnOptions {
  /** Of all chance: an integer of at least 0. Default 1. */
  readonly seed?: number
}

/** Makes somebody for the actor to talk to, as {@link Alone.standIn} does. */
export type StandIn = <Q = Anything>(name: string, answer?: ProbeAnswer) => Probe<Q>

/**
 * The arguments after the actor: options, which must hold `args` if its set-up takes any, or `argsFrom` where there are
 * stand-ins among them.
 */
export type BehaveArgs<A> = [A] extends [void]
  ? [options?: BehaveOptions]
  : [options: BehaveOptions & ({ readonly args: A } | { readonly argsFrom: (standIn: StandIn) => A })]

/** What an actor has done. */
export interface Behaviour {
  /** Messages that it has taken, in order: also those it told itself, ticks and notices; again from a stash, not. */
  readonly handled: readonly { readonly name: string; readonly payload: unknown }[]
  /** What it did, in order, since the call before. */
  readonly effects: readonly Effect[]
}

/** What an actor did about one message. */
export interface Handled<R> extends Behaviour {
  /**
   * `replied`: with `reply`. `failed`: with `error`, and its supervision has decided. `refused`: it answered with
   * `error` on purpose. `waiting`: its promise is pending, or its answer is to be given later. `abandoned`: it has
   * ended, or restarted, before it answered.
   */
  readonly outcome: 'replied' | 'failed' | 'refused' | 'waiting' | 'abandoned'
  /** What it answered; undefined unless it replied. */
  readonly reply: R | undefined
  /** What it failed with or refused with; null otherwise. */
  readonly error: Error | null
  /** Its answer, also one that is given later; rejects as an ask does. */
  readonly answer: Promise<R>
}

/** An actor that runs alone. */
export interface Alone<P> {
  /** The actor, to be handed out: what the test sends by it counts as an effect of the actor. Send by `handle`. */
  readonly ref: Ref<P>
  readonly runtime: ManualRuntime
  /** The system around it, for what is rarely needed: `find`, `register`, `snapshot`. */
  readonly system: ActorSystem
  /** What its set-up did. */
  readonly started: Behaviour
  /**
   * Asks it, and lets it do all it does without time passing.
   *
   * @returns rejects with {@link AskError} when it has no such handler, or has ended
   */
  handle<K extends MessageName<P>>(name: K, ...payload: Payload<P, K>): Promise<Handled<Reply<P, K>>>
  /** Moves time on: timers fire at their instants. */
  advance(ms: number): Promise<Behaviour>
  /**
   * Somebody for it to talk to, below `/user`: hand out its ref. Of one name there is one.
   *
   * @param answer how it answers what it is asked. Default: not before `reply`
   */
  standIn<Q = Anything>(name: string, answer?: ProbeAnswer): Probe<Q>
  /**
   * What stands in for its child of that name, the latest one.
   *
   * @throws {ProbeError} when it has started none
   */
  child<Q = Anything>(name: string): Probe<Q>
  /** Stops it, and all around it. @returns what it did meanwhile */
  stop(): Promise<Behaviour>
}

/**
 * Runs an actor alone, on manual time: one message goes in, and what it does comes out as data.
 *
 * ```ts
 * const alone = await behave(door)
 * const { reply, effects } = await alone.handle('open', 'me')
 * // effects: [{ type: 'after', ms: 5000, name: 'close', payload: undefined, key: null }]
 * const { handled } = await alone.advance(5_000)
 * // handled: [{ name: 'close', payload: undefined }]
 * ```
 * It is a real cell in a real system: restarts, stashes, watches and time limits are what they always are. Only its
 * children are stand-ins that do nothing by themselves.
 *
 * @returns rejects with what its set-up threw; with {@link UnknownOptionError} or {@link InvalidOptionError}
 */
export async function behave<P, A = void>(actor: Actor<P, A>, ...options: BehaveArgs<A>): Promise<Alone<P>> {
  const { seed = 1, argsFrom, ...rest }: BehaveOptions & { argsFrom?: (standIn: StandIn) => A } = options[0] ?? {}
  checkOptions('behave', { seed, argsFrom }, { seed: is.integer(0), argsFrom: is.function })
  const stage = await Stage.around<P>(manualRuntime(seed))
  const args = argsFrom === undefined ? {} : { args: argsFrom((name, answer) => stage.standIn(name, answer)) }
  await stage.start(actor, { name: 'subject', ...rest, ...args })
  return stage
}

/** `ref.ask`, whatever the protocol. */
type AnyAsk<R> = (name: string, payload: unknown, options: AskOptions) => Promise<R>

/** The system around one actor, and the record of what that does. */
class Stage<P> implements Alone<P>, Recorder {
  readonly runtime: ManualRuntime
  readonly #standIns = new Map<string, unknown>()
  readonly #children = new Map<string, unknown>()
  #system: ActorSystem | null = null
  #ref: Ref<P> | null = null
  #effects: Effect[] = []
  #handled: { name: string; payload: unknown }[] = []
  #setupFailure: Error | null = null
  /** While something is sent that is none of the actor's tells and asks. */
  #quiet = false
  started: Behaviour = { handled: [], effects: [] }

  private constructor(runtime: ManualRuntime) {
    this.runtime = runtime
  }

  static async around<P>(runtime: ManualRuntime): Promise<Stage<P>> {
    const stage = new Stage<P>(runtime)
    stage.#system = await createSystem({ name: 'alone', runtime, log: false, interceptors: [stage.#interceptor] })
    stage.system.events.subscribe((event) => {
      if (event.type !== 'actor-failed' || event.path !== stage.#ref?.path) return
      stage.#setupFailure ??= event.error
      stage.record({ type: 'failed', error: event.error, directive: event.directive })
    })
    return stage
  }

  get system(): ActorSystem {
    return this.#system!
  }

  get ref(): Ref<P> {
    return this.#ref!
  }

  async start<A>(actor: Actor<P, A>, options: SpawnOptions): Promise<void> {
    const recorded = {
      ...actor,
      setup: (context: Context<P>, args: A) => {
        const recording: unknown = new RecordingContext(anyContext(context), this)
        return actor.setup(recording as Context<P>, args)
      },
    }
    // Its arguments are among the options, as the types of `behave` have it.
    const args: unknown = [options]
    // What is no actor is turned down by the real spawn, in its words.
    const started = typeof actor?.setup === 'function' ? recorded : actor
    this.#ref = this.system.spawn(started, ...(args as SpawnArgs<A>))
    await this.runtime.settle()
    this.started = this.#taken()
    if (this.#setupFailure !== null) throw this.#setupFailure
  }

  readonly #interceptor: Interceptor = {
    sent: ({ kind, target, name, payload }) => {
      if (kind !== 'own' && !this.#quiet) this.record({ type: kind, to: target, name, payload })
    },
    handling: ({ target, name, payload }) => {
      if (target === this.#ref?.path) this.#handled.push({ name, payload })
    },
  }

  async handle<K extends MessageName<P>>(name: K, ...payload: Payload<P, K>): Promise<Handled<Reply<P, K>>> {
    const ask: unknown = this.ref.ask
    // No time limit: whether it answers is seen, and not waited for.
    const options = { timeoutMs: Number.POSITIVE_INFINITY }
    const answer = this.quietly(() => (ask as AnyAsk<Reply<P, K>>).call(this.ref, name, payload[0], options))
    let settled: Pick<Handled<Reply<P, K>>, 'outcome' | 'reply' | 'error'> | null = null
    answer.then(
      (reply) => {
        settled = { outcome: 'replied', reply, error: null }
      },
      (error: unknown) => {
        settled = { reply: undefined, ...failureOf(error) }
      },
    )
    await this.runtime.settle()
    const waiting = { outcome: 'waiting', reply: undefined, error: null } as const
    const result: Pick<Handled<Reply<P, K>>, 'outcome' | 'reply' | 'error'> = settled ?? waiting
    // A message that no handler has seen is a mistake of the test.
    if (result.error instanceof AskError) throw result.error
    return { ...this.#taken(), ...result, answer }
  }

  async advance(ms: number): Promise<Behaviour> {
    await this.runtime.advance(ms)
    return this.#taken()
  }

  standIn<Q = Anything>(name: string, answer?: ProbeAnswer): Probe<Q> {
    const known = this.#standIns.get(name)
    if (known !== undefined) return known as Probe<Q>
    const made = new ActorProbe<Q>(this.runtime, answer ?? null)
    made.startedAs(this.system.spawn(made.behaviour(name), { name }))
    this.#standIns.set(name, made)
    return made
  }

  child<Q = Anything>(name: string): Probe<Q> {
    const child = this.#children.get(name)
    if (child === undefined) {
      const names = [...this.#children.keys()].join(', ')
      throw new ProbeError(`no child "${name}" was started; ${names === '' ? 'there is none' : `there are ${names}`}`)
    }
    return child as Probe<Q>
  }

  async stop(): Promise<Behaviour> {
    let stopped = false
    const stop = this.system.stop().then(() => {
      stopped = true
    })
    await this.runtime.settle()
    while (!stopped) await this.runtime.advance(100)
    await stop
    return this.#taken()
  }

  // For the recording context

  record(effect: Effect): void {
    this.#effects.push(effect)
  }

  quietly<T>(work: () => T): T {
    const outer = this.#quiet
    this.#quiet = true
    try {
      return work()
    } finally {
      this.#quiet = outer
    }
  }

  standInFor(context: Context<AnyProtocol>, definition: AnyDefinition, options: SpawnOptions | undefined): AnyRef {
    const made = new ActorProbe<Anything>(this.runtime, null)
    const behaviour = typeof definition?.setup === 'function' ? made.behaviour(definition.id) : definition
    const spawn: (behaviour: AnyDefinition, options?: SpawnOptions) => AnyRef = context.spawn
    const ref = spawn.call(context, behaviour, options)
    made.startedAs(ref)
    this.#children.set(ref.path.slice(ref.path.lastIndexOf('/') + 1), made)
    return ref
  }

  #taken(): Behaviour {
    const taken = { handled: this.#handled, effects: this.#effects }
    this.#handled = []
    this.#effects = []
    return taken
  }
}

/** What became of the message, by the words of its ask; an `AskError` when it reached no handler. */
function failureOf(error: unknown): { outcome: 'failed' | 'refused' | 'abandoned'; error: Error | null } {
  if (!(error instanceof AskError)) throw error
  if (error.outcome === 'not-sent') return { outcome: 'failed', error }
  if (error.outcome === 'unknown') return { outcome: 'abandoned', error: null }
  const { cause } = error
  const original = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  return {
    outcome: error.reason === 'refused' ? 'refused' : 'failed',
    error: original instanceof Error ? original : error,
  }
}

function anyContext(context: unknown): Context<AnyProtocol> {
  return context as Context<AnyProtocol>
}
