import {
  type Actor,
  type ActorSystem,
  type AnyRef,
  actor,
  type Context,
  type Deferred,
  protocol,
  type Ref,
  type Terminated,
} from '@troupe/core'
import {
  type Anything,
  type NameOf,
  type Probe,
  type ProbeAnswer,
  ProbeError,
  type Received,
  type ReplyTo,
  type Stepper,
} from './probe.ts'

/**
 * Starts a probe.
 *
 * @param time what moves while the probe waits: the system's manual runtime
 * @param answer how it answers what it is asked. Default: not before {@link Probe.reply}
 */
export function probe<P = Anything>(system: ActorSystem, time: Stepper, answer?: ProbeAnswer): Probe<P> {
  const made = new ActorProbe<P>(time, answer ?? null)
  made.startedAs(system.spawn(made.behaviour('probe')))
  return made
}

/** What a probe handles itself; all else reaches it as unhandled. */
interface Own {
  'probe:terminated': (terminated: Terminated) => void
}

/** A message as it came, of whatever protocol. */
interface AnyReceived {
  readonly name: string
  readonly payload: unknown
}

/** A probe apart from where it is started: also in the place of a child. */
export class ActorProbe<P> implements Probe<P> {
  readonly #time: Stepper
  readonly #answer: ProbeAnswer | null
  readonly #pending: AnyReceived[] = []
  readonly #ignored = new Set<string>()
  readonly #owed = new Map<AnyReceived, Deferred<unknown>>()
  readonly #watched = new Set<string>()
  readonly #terminated = new Map<string, Terminated>()
  #context: Context<Own> | null = null
  #ref: unknown = null

  /** @param answer null: not before `reply` */
  constructor(time: Stepper, answer: ProbeAnswer | null) {
    this.#time = time
    this.#answer = answer
  }

  /** What to start, as an actor of protocol `id`. */
  behaviour(id: string): Actor<Own> {
    return actor(protocol<Own>(id), (context) => {
      this.#context = context
      return {
        'probe:terminated': (terminated) => void this.#terminated.set(terminated.ref.id, terminated),
        unhandled: (name: string, payload: unknown) => this.#receive(context, { name, payload }),
      }
    })
  }

  /** Tells the probe what it was started as. */
  startedAs(ref: AnyRef): void {
    this.#ref = ref
  }

  get ref(): Ref<P> {
    return this.#ref as Ref<P>
  }

  get pending(): readonly Received<P>[] {
    const pending: readonly unknown[] = this.#pending
    return pending as readonly Received<P>[]
  }

  expect(): Promise<Received<P>>
  expect<K extends NameOf<P>>(name: K, withinMs?: number): Promise<Received<P, K>>
  async expect(name?: string, withinMs = 1_000): Promise<unknown> {
    const pending = this.#pending
    if (!(await this.#until(withinMs, () => pending.length > 0)))
      throw new ProbeError(`no ${name === undefined ? 'message' : show(name)} within ${withinMs} ms: nothing came`)
    const received = pending.shift()!
    if (name !== undefined && received.name !== name)
      throw new ProbeError(`got ${shown([received])} instead of ${show(name)}; ${after(pending)}`)
    return received
  }

  async expectAll<const N extends readonly NameOf<P>[]>(
    names: N,
    withinMs = 1_000,
  ): Promise<{ -readonly [I in keyof N]: Received<P, N[I]> }> {
    const found = new Array<unknown>(names.length)
    const missing = new Set(names.keys())
    const take = (): boolean => {
      while (missing.size > 0 && this.#pending.length > 0) {
        const received = this.#pending.shift()!
        const at = [...missing].find((index) => names[index] === received.name)
        if (at === undefined) {
          const wanted = [...missing].map((index) => show(names[index])).join(', ')
          throw new ProbeError(`got ${shown([received])}, while ${wanted} were to come; ${after(this.#pending)}`)
        }
        missing.delete(at)
        found[at] = received
      }
      return missing.size === 0
    }
    if (!(await this.#until(withinMs, take))) {
      const wanted = [...missing].map((index) => show(names[index])).join(', ')
      const came = found.filter((received): received is AnyReceived => received !== undefined)
      throw new ProbeError(
        `no ${wanted} within ${withinMs} ms; ${came.length === 0 ? 'nothing came' : `got ${shown(came)}`}`,
      )
    }
    const inOrder: unknown = found
    return inOrder as { -readonly [I in keyof N]: Received<P, N[I]> }
  }

  async expectNone(forMs = 100): Promise<void> {
    await this.#time.advance(forMs)
    if (this.#pending.length > 0) throw new ProbeError(`got ${shown(this.#pending)}, though nothing was to come`)
  }

  ignore(...names: readonly NameOf<P>[]): void {
    for (const name of names) this.#ignored.add(name)
    const left = this.#pending.filter((received) => !this.#ignored.has(received.name))
    this.#pending.splice(0, this.#pending.length, ...left)
  }

  reply<R extends Received<P>>(received: R, value: ReplyTo<P, R['name']>): void {
    this.#take(received).resolve(value)
  }

  replyError(received: Received<P>, error: unknown): void {
    this.#take(received).reject(error)
  }

  #take(received: unknown): Deferred<unknown> {
    const owed = this.#owed.get(received as AnyReceived)
    if (owed === undefined)
      throw new ProbeError('no answer is owed: it was given, the probe answers by itself, or it got no such message')
    this.#owed.delete(received as AnyReceived)
    return owed
  }

  async watch(ref: AnyRef): Promise<void> {
    if (this.#watched.has(ref.id)) return
    this.#watched.add(ref.id)
    const context = await this.#started()
    context.watch(ref, 'probe:terminated')
  }

  async expectTerminated(ref: AnyRef, withinMs = 1_000): Promise<Terminated> {
    await this.watch(ref)
    if (!(await this.#until(withinMs, () => this.#terminated.has(ref.id))))
      throw new ProbeError(`${ref.path} has not ended within ${withinMs} ms`)
    return this.#terminated.get(ref.id)!
  }

  async stop(): Promise<void> {
    const context = await this.#started()
    context.stop()
    await this.#time.advance(0)
  }

  async fail(error: Error): Promise<void> {
    const context = await this.#started()
    context.task(() => Promise.reject(error))
    await this.#time.advance(0)
  }

  #receive(context: Context<Own>, received: AnyReceived): unknown {
    if (!this.#ignored.has(received.name)) this.#pending.push(received)
    if (this.#answer !== null) return this.#answer(received.name, received.payload)
    if (this.#ignored.has(received.name)) return undefined
    const owed = context.reply<unknown>()
    this.#owed.set(received, owed)
    return owed
  }

  /** An actor is set up in a turn of its own. */
  async #started(): Promise<Context<Own>> {
    if (this.#context === null) await this.#time.advance(0)
    if (this.#context === null) throw new ProbeError('the probe was not started, or its system has stopped')
    return this.#context
  }

  /** Moves time on until `done`, at most by `withinMs`. @returns whether it came true */
  async #until(withinMs: number, done: () => boolean): Promise<boolean> {
    await this.#time.advance(0)
    for (let waitedMs = 0; waitedMs < withinMs && !done(); waitedMs++) await this.#time.advance(1)
    return done()
  }
}

function after(pending: readonly AnyReceived[]): string {
  return pending.length === 0 ? 'nothing after it' : `after it ${shown(pending)}`
}

/** The first messages of a list, for people. */
function shown(received: readonly AnyReceived[]): string {
  const first = received.slice(0, 5).map(({ name, payload }) => {
    return payload === undefined ? show(name) : `${show(name)} ${show(payload)}`
  })
  return received.length > 5 ? `${first.join(', ')} and ${received.length - 5} more` : first.join(', ')
}

/** A value in at most 80 characters. */
function show(value: unknown): string {
  let text: string
  try {
    text =
      JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner)) ?? String(value)
  } catch {
    // A circle.
    text = String(value)
  }
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
