import {
  type Actor,
  type ActorSystem,
  type AnyRef,
  type AskError,
  type AskOptions,
  type Context,
  createSystem,
  type Interceptor,
  type MessageName,
  type Payload,
  type Ref,
  type Reply,
  type SpawnArgs,
  type SpawnOptions,
} from '@troupe/core'
import type { ManualRuntime } from '@troupe/core/testing'
import { ActorProbe } from '../actor-probe.ts'
import { type Anything, type Probe, type ProbeAnswer, ProbeError } from '../probe.ts'
import type { Alone, Behaviour, Handled } from './alone.ts'
import type { Effect } from './effect.ts'
import { type AnyDefinition, type AnyProtocol, type Recorder, RecordingContext } from './recording-context.ts'

/** `ref.ask`, whatever the protocol. */
type AnyAsk<R> = (name: string, payload: unknown, options: AskOptions) => Promise<R>

/** What became of one message so far. */
type Settled<R> = Pick<Handled<R>, 'outcome' | 'reply' | 'error'>

/** The system around one actor, and the record of what that does. */
export class Stage<P> implements Alone<P>, Recorder {
  readonly runtime: ManualRuntime
  readonly #standIns = new Map<string, unknown>()
  readonly #children = new Map<string, unknown>()
  #system: ActorSystem | null = null
  #ref: Ref<P> | null = null
  #effects: Effect[] = []
  #handled: { name: string; payload: unknown }[] = []
  #firstFailure: Error | null = null
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
      stage.#firstFailure ??= event.error
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
    if (this.#firstFailure !== null) throw this.#firstFailure
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
    let settled: Settled<Reply<P, K>> | null = null
    let unseen: AskError | null = null
    answer.then(
      (reply) => {
        settled = { outcome: 'replied', reply, error: null }
      },
      (error: AskError) => {
        if (error.outcome === 'not-sent') unseen = error
        else settled = { reply: undefined, ...failureOf(error) }
      },
    )
    await this.runtime.settle()
    // A message that no handler has seen is a mistake of the test.
    if (unseen !== null) throw unseen
    const result: Settled<Reply<P, K>> = settled ?? { outcome: 'waiting', reply: undefined, error: null }
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

/** What became of a message that reached its handler and was not answered. */
function failureOf(error: AskError): { outcome: 'failed' | 'refused' | 'abandoned'; error: Error | null } {
  if (error.outcome === 'unknown') return { outcome: 'abandoned', error: null }
  // Behind what an asker sees stands what was thrown.
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
