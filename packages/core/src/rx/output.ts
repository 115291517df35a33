import type { Observer } from 'rxjs'
import type { Context } from '../actor/context.ts'
import type { MessageName } from '../actor/protocol.ts'
import type { AnyRef, Ref } from '../actor/ref.ts'
import { toError } from '../errors.ts'
import { checkOptions, is } from '../options.ts'

/**
 * A message of a protocol by which outsiders see what the actor puts out: declare it, make it with
 * {@link output}, watch it with {@link observe}.
 *
 * ```ts
 * interface Sensor { celsius: Output<number>; measure: (n: number) => void }
 * ```
 */
export type Output<T> = (request: OutputRequest<T>) => void

/** What an observer asks of an output. Made by `observe`, understood by `output`; nobody else need look inside. */
export interface OutputRequest<T> {
  readonly step: 'join' | 'leave' | 'gone' | 'resume'
  readonly observer: Ref<OutputObserver<T>> | null
}

/** The messages by which an output reaches one observer. Never implemented by hand: `observe` does. */
export interface OutputObserver<T> {
  next: (value: T) => void
  /** On another node the error has its name and message, nothing else. */
  error: (error: Error) => void
  complete: () => void
}

/** The names of a protocol's outputs. */
export type OutputName<P> = { [K in MessageName<P>]: [OutputValue<P, K>] extends [never] ? never : K }[MessageName<P>]

/** What an output puts out. */
export type OutputValue<P, K extends keyof P> = P[K] extends (request: infer R) => void
  ? [R] extends [OutputRequest<infer T>]
    ? T
    : never
  : never

/** What those who join get first, and who hears of them. */
export interface OutputOptions {
  /** How many of the last values one who joins gets first. Default 0: only what comes after. A restart forgets them. */
  readonly replay?: number
  /** Called in the actor's own turn whenever somebody has joined or left: to work only while somebody looks. */
  readonly onObservers?: (count: number) => void
}

/** An actor's side of one of its outputs, good for one incarnation: once that has ended, it does nothing any more. */
export interface Publisher<T> extends Observer<T> {
  /** Put it under the output's name into the object of handlers. */
  readonly handler: Output<T>
  /** How many observe now. After a restart those from before are there at once. */
  readonly observers: number
  /** Tells a value to every observer: one message each, in order. */
  next(value: T): void
  /** Ends the output, not the actor, with an error; whoever joins later gets it too. */
  error(error: unknown): void
  /** Ends the output, not the actor; whoever joins later is told so. */
  complete(): void
}

/**
 * Makes one of the outputs that an actor's protocol declares. Call it in the set-up, once per output.
 *
 * ```ts
 * const sensor = actor(Sensor, (ctx) => {
 *   const celsius = output(ctx, 'celsius')
 *   return { celsius: celsius.handler, measure: (n) => celsius.next(n) }
 * })
 * ```
 * Observers on other nodes get what they can be sent: one for whom a value has no encoded form is dropped, with an
 * error. They keep observing over a restart of the actor. There is no backpressure: what is published faster than
 * it travels becomes dead letters of reason `outbound-full`.
 *
 * @throws {UnknownOptionError | InvalidOptionError} for options that are wrong
 */
export function output<P, K extends OutputName<P>>(
  ctx: Context<P>,
  name: K,
  options?: OutputOptions,
): Publisher<OutputValue<P, K>>
export function output(
  ctx: Context<Record<string, Output<unknown>>>,
  name: string,
  options?: OutputOptions,
): Publisher<unknown> {
  checkOptions('output', options, { replay: is.integer(0), onObservers: is.function })
  return new OutputPublisher(ctx, name, options?.replay ?? 0, options?.onObservers ?? null)
}

type Observing = Ref<OutputObserver<unknown>>

/** What outlives an incarnation: a restart is invisible to those who observe, as it is to those who watch. */
interface Kept {
  /** By the id of their refs. */
  readonly observers: Map<string, Observing>
  /** Of the incarnation that is there now: another one, left over from before, publishes nothing. */
  publisher: OutputPublisher | null
}

/** By an actor's own ref, which is the same in every incarnation, and the name of the output. */
const keptFor = new WeakMap<AnyRef, Map<string, Kept>>()

class OutputPublisher implements Publisher<unknown> {
  readonly handler: Output<unknown>
  readonly #ctx: Context<Record<string, Output<unknown>>>
  readonly #name: string
  readonly #replay: number
  readonly #onObservers: ((count: number) => void) | null
  readonly #kept: Kept
  readonly #observers: Map<string, Observing>
  readonly #last: unknown[] = []
  /** What to tell whoever joins after the end of the output; null while it is open. */
  #farewell: ((observer: Observing) => void) | null = null

  constructor(
    ctx: Context<Record<string, Output<unknown>>>,
    name: string,
    replay: number,
    onObservers: ((count: number) => void) | null,
  ) {
    this.#ctx = ctx
    this.#name = name
    this.#replay = replay
    this.#onObservers = onObservers
    this.handler = (request) => this.#handle(request)
    this.#kept = keep(ctx.self, name)
    this.#kept.publisher = this
    this.#observers = this.#kept.observers
    ctx.onStop(() => {
      if (this.#kept.publisher === this) this.#kept.publisher = null
    })
    for (const observer of this.#observers.values()) this.#watch(observer)
    // Not now: the set-up has not yet what the call-back may want to use.
    if (onObservers !== null && this.#observers.size > 0) ctx.after(0, name, { step: 'resume', observer: null })
  }

  get observers(): number {
    return this.#observers.size
  }

  get #open(): boolean {
    return this.#farewell === null && this.#kept.publisher === this
  }

  next(value: unknown): void {
    if (!this.#open) return
    if (this.#replay > 0) {
      this.#last.push(value)
      if (this.#last.length > this.#replay) this.#last.shift()
    }
    const before = this.#observers.size
    for (const observer of this.#observers.values()) this.#tell(observer, value)
    if (this.#observers.size !== before) this.#changed()
  }

  error(error: unknown): void {
    const told = toError(error)
    this.#end((observer) => observer.tell('error', told))
  }

  complete(): void {
    this.#end((observer) => observer.tell('complete'))
  }

  #end(farewell: (observer: Observing) => void): void {
    if (!this.#open) return
    this.#farewell = farewell
    this.#last.length = 0
    for (const observer of this.#observers.values()) farewell(observer)
    this.#observers.clear()
  }

  #handle({ step, observer }: OutputRequest<unknown>): void {
    if (observer === null) return this.#changed()
    if (step === 'join') return this.#join(observer)
    if (!this.#observers.delete(observer.id)) return
    if (step === 'leave') this.#ctx.unwatch(observer)
    this.#changed()
  }

  #join(observer: Observing): void {
    if (this.#farewell !== null) return this.#farewell(observer)
    // Whoever is not sure that he has been heard asks again.
    if (this.#observers.has(observer.id)) return
    this.#observers.set(observer.id, observer)
    this.#watch(observer)
    for (const value of this.#last) this.#tell(observer, value)
    this.#changed()
  }

  #watch(observer: Observing): void {
    this.#ctx.watch(observer, this.#name, { step: 'gone', observer })
  }

  /** Which observers an actor has must not decide whether it fails. */
  #tell(observer: Observing, value: unknown): void {
    try {
      observer.tell('next', value)
    } catch (thrown) {
      const error = toError(thrown)
      this.#ctx.log.warn(`output "${this.#name}" has lost an observer, which cannot be sent a value`, error)
      this.#observers.delete(observer.id)
      observer.tell('error', error)
    }
  }

  #changed(): void {
    this.#onObservers?.(this.#observers.size)
  }
}

function keep(self: AnyRef, name: string): Kept {
  const outputs = keptFor.get(self) ?? new Map<string, Kept>()
  const kept = outputs.get(name) ?? { observers: new Map(), publisher: null }
  keptFor.set(self, outputs)
  outputs.set(name, kept)
  return kept
}
