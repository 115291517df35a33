import type {
  AnyRef,
  Cancellable,
  Clock,
  Context,
  Deferred,
  FindOptions,
  Forwarded,
  KeyedTimer,
  Logger,
  Protocol,
  Random,
  Ref,
  SpawnOptions,
  StopOptions,
} from '@troupe/core'
import type { Effect } from './effect.ts'

/** Any protocol at all: the user's types were checked at the door of `actor()`. */
export type AnyProtocol = Record<string, (payload: unknown) => unknown>

/** An actor of whatever protocol and arguments. */
export interface AnyDefinition {
  readonly id: string
  setup(context: never, args: never): object
}

/** `ctx.ask`, whatever the protocol. */
type AnyAsk = (ref: AnyRef, name: string, ...payloadAndOptions: readonly unknown[]) => Promise<never>

/** What a recording context tells about, and asks. */
export interface Recorder {
  record(effect: Effect): void
  /** Does `work` without taking what it sends for a tell or an ask of its own. */
  quietly<T>(work: () => T): T
  /** Starts, below the context given, what stands in for a child. */
  standInFor(context: Context<AnyProtocol>, definition: AnyDefinition, options: SpawnOptions | undefined): AnyRef
}

/**
 * The context of an actor under test: the real one of a real cell does everything, and this one writes down that it was
 * asked to. The one thing it does otherwise is to start a stand-in for a child. Tells and asks go by refs and not
 * through here; an interceptor sees those.
 */
export class RecordingContext implements Context<AnyProtocol> {
  readonly #inner: Context<AnyProtocol>
  readonly #recorder: Recorder

  constructor(inner: Context<AnyProtocol>, recorder: Recorder) {
    this.#inner = inner
    this.#recorder = recorder
  }

  get self(): Ref<AnyProtocol> {
    return this.#inner.self
  }

  get clock(): Clock {
    return this.#inner.clock
  }

  get random(): Random {
    return this.#inner.random
  }

  get log(): Logger {
    return this.#inner.log
  }

  get signal(): AbortSignal {
    return this.#inner.signal
  }

  get remainingMs(): number | null {
    return this.#inner.remainingMs
  }

  get children(): readonly AnyRef[] {
    return this.#inner.children
  }

  child<Q>(protocol: Protocol<Q>, name: string): Ref<Q> | null {
    return this.#inner.child(protocol, name)
  }

  spawn<Q>(definition: AnyDefinition, options?: SpawnOptions & { readonly args?: unknown }): Ref<Q> {
    const ref = this.#recorder.standInFor(this.#inner, definition, options)
    const name = ref.path.slice(ref.path.lastIndexOf('/') + 1)
    this.#recorder.record({ type: 'spawn', actor: definition.id, name, args: options?.args, ref })
    return ref as Ref<Q>
  }

  stop(ref?: AnyRef, options?: StopOptions): void {
    const to = (ref ?? this.#inner.self).path
    this.#inner.stop(ref, options)
    this.#recorder.record({ type: 'stop', to, drain: options?.drain ?? false })
  }

  onStop(cleanup: () => void | Promise<void>): void {
    this.#inner.onStop(cleanup)
  }

  watch(ref: AnyRef, name: string, ...payload: readonly unknown[]): void {
    // With no payload the notice itself is sent: it matters whether there is one, not what it is.
    const watch: (ref: AnyRef, name: string, ...payload: readonly unknown[]) => void = this.#inner.watch
    watch.call(this.#inner, ref, name, ...payload)
    this.#recorder.record({ type: 'watch', to: ref.path, name })
  }

  unwatch(ref: AnyRef): void {
    this.#inner.unwatch(ref)
    this.#recorder.record({ type: 'unwatch', to: ref.path })
  }

  link(ref: AnyRef): void {
    this.#inner.link(ref)
    this.#recorder.record({ type: 'link', to: ref.path })
  }

  unlink(ref: AnyRef): void {
    this.#inner.unlink(ref)
    this.#recorder.record({ type: 'unlink', to: ref.path })
  }

  after(delayMs: number, name: string, payload?: unknown): Cancellable {
    const timer = this.#inner.after(delayMs, name, payload)
    this.#recorder.record({ type: 'after', ms: delayMs, name, payload, key: null })
    return this.#cancellable(timer, name)
  }

  every(periodMs: number, name: string, payload?: unknown): Cancellable {
    const timer = this.#inner.every(periodMs, name, payload)
    this.#recorder.record({ type: 'every', ms: periodMs, name, payload, key: null })
    return this.#cancellable(timer, name)
  }

  #cancellable(timer: Cancellable, name: string): Cancellable {
    const cancel = (): void => {
      timer.cancel()
      this.#recorder.record({ type: 'cancel', name, key: null })
    }
    return { cancel }
  }

  timer(key: string): KeyedTimer<AnyProtocol> {
    const timer = this.#inner.timer(key)
    const recorder = this.#recorder
    return {
      get active(): boolean {
        return timer.active
      },
      after(delayMs: number, name: string, payload?: unknown): void {
        timer.after(delayMs, name, payload)
        recorder.record({ type: 'after', ms: delayMs, name, payload, key })
      },
      every(periodMs: number, name: string, payload?: unknown): void {
        timer.every(periodMs, name, payload)
        recorder.record({ type: 'every', ms: periodMs, name, payload, key })
      },
      cancel(): void {
        timer.cancel()
        recorder.record({ type: 'cancel', name: null, key })
      },
    }
  }

  ask(ref: AnyRef, name: string, ...payloadAndOptions: readonly unknown[]): Promise<never> {
    const ask: unknown = this.#inner.ask
    return (ask as AnyAsk).call(this.#inner, ref, name, ...payloadAndOptions)
  }

  become(handlers: object): void {
    this.#inner.become(handlers as AnyProtocol)
    this.#recorder.record({ type: 'become', handlers })
  }

  stash(): Forwarded {
    const stashed = this.#inner.stash()
    this.#recorder.record({ type: 'stash' })
    return stashed
  }

  unstash(): void {
    this.#inner.unstash()
    this.#recorder.record({ type: 'unstash' })
  }

  task(work: (signal: AbortSignal) => unknown): void {
    this.#recorder.record({ type: 'task' })
    this.#inner.task(work)
  }

  pipe<T>(work: Promise<T>, name: string, onError?: string): void {
    this.#inner.pipe(work, name, onError)
    this.#recorder.record({ type: 'pipe', name, onError: onError ?? null })
  }

  reply<R>(): Deferred<R> {
    return this.#inner.reply()
  }

  replyError(error: unknown): Forwarded {
    return this.#inner.replyError(error)
  }

  forward(to: AnyRef, name?: string, payload?: unknown): Forwarded {
    const target = to as Ref<AnyProtocol>
    const inner = this.#inner
    const handOn = (): Forwarded => (name === undefined ? inner.forward(to) : inner.forward(target, name, payload))
    const forwarded = this.#recorder.quietly(handOn)
    this.#recorder.record({ type: 'forward', to: to.path, name: name ?? null, payload })
    return forwarded
  }

  register(protocol: Protocol<AnyProtocol>): void {
    this.#inner.register(protocol)
    this.#recorder.record({ type: 'register', protocol: protocol.id })
  }

  find<Q>(protocol: Protocol<Q>, options?: FindOptions): Promise<Ref<Q>> {
    this.#recorder.record({ type: 'find', protocol: protocol.id })
    return this.#inner.find(protocol, options)
  }

  subscribe<Q>(protocol: Protocol<Q>, name: string): void {
    this.#inner.subscribe(protocol, name)
    this.#recorder.record({ type: 'subscribe', protocol: protocol.id })
  }
}
