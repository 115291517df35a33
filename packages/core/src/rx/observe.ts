import type { Observable, Subscriber } from 'rxjs'
import { actor } from '../actor/actor.ts'
import { AskError, type AskFailureReason } from '../actor/ask.ts'
import { type Protocol, protocol } from '../actor/protocol.ts'
import type { Ref } from '../actor/ref.ts'
import type { Terminated } from '../actor/terminated.ts'
import { SystemStoppedError, toError } from '../errors.ts'
import type { Cancellable } from '../runtime/scheduler.ts'
import type { ActorSystem } from '../system/actor-system.ts'
import { ActorEndedError } from './actor-ended-error.ts'
import type { Output, OutputName, OutputObserver, OutputValue } from './output.ts'
import { SystemObservable } from './system-observable.ts'
import { untilStopped } from './until-stopped.ts'

/** Wait before asking again to join, when it is not known whether the actor heard, in ms. */
const REJOIN_MS = 1_000

/**
 * What an actor puts out, here or on another node, as an Observable.
 *
 * ```ts
 * observe(system, sensor, 'celsius').subscribe((celsius) => console.log(celsius))
 * ```
 * Each subscription joins by a message that is sent at once: what the actor publishes in answer to later messages is
 * seen. It completes when the actor stops in order, when the output does, and when `system` stops. It errors with
 * {@link ActorEndedError} when the actor fails for good, is killed, was gone before, or its node is down; with the
 * output's own error; with {@link AskError} when the actor has no such output. A restart of the actor is not seen.
 *
 * Values come in order, each at most once; around a lost connection some may be missing. Listeners run in a turn of
 * `system`; one that throws goes to its log. There is no backpressure. Cold: each subscription is one actor here and
 * one watch each way, and each value one message, so `share()` what many look at.
 */
export function observe<P, K extends OutputName<P>>(
  system: ActorSystem,
  ref: Ref<P>,
  name: K,
): Observable<OutputValue<P, K>>
export function observe(
  system: ActorSystem,
  ref: Ref<Record<string, Output<unknown>>>,
  name: string,
): Observable<unknown> {
  return new SystemObservable<unknown>(system.log, (subscriber) => {
    const observation = new Observation(system, ref, name, subscriber)
    observation.start()
    return () => observation.leave()
  }).pipe(untilStopped(system))
}

/** The messages of the actor behind one subscription. */
interface Observing extends OutputObserver<unknown> {
  ended: (notice: Terminated) => void
}
const Observing: Protocol<Observing> = protocol<Observing>('observer')

/** One subscription: an actor as its ear, and whether the other side still counts on it. */
class Observation {
  readonly #system: ActorSystem
  readonly #target: Ref<Record<string, Output<unknown>>>
  readonly #name: string
  readonly #subscriber: Subscriber<unknown>
  #observer: Ref<Observing> | null = null
  #rejoin: Cancellable | null = null
  /** The other side has ended it, or never began it: there is nobody to say goodbye to. */
  #over = false

  constructor(
    system: ActorSystem,
    target: Ref<Record<string, Output<unknown>>>,
    name: string,
    subscriber: Subscriber<unknown>,
  ) {
    this.#system = system
    this.#target = target
    this.#name = name
    this.#subscriber = subscriber
  }

  start(): void {
    const ear = actor(Observing, (ctx) => {
      ctx.watch(this.#target, 'ended')
      // Of this system's own stop. Otherwise it is over already.
      ctx.onStop(() => this.#complete())
      return {
        next: (value) => this.#subscriber.next(value),
        error: (error) => this.#fail(error),
        complete: () => this.#complete(),
        ended: ({ reason }) =>
          reason === 'stopped' ? this.#complete() : this.#fail(new ActorEndedError(String(this.#target), reason)),
      }
    })
    try {
      this.#observer = this.#system.spawn(ear)
    } catch (thrown) {
      if (thrown instanceof SystemStoppedError) return this.#complete()
      throw thrown
    }
    this.#join(this.#observer)
  }

  /** Nobody listens any more: because of an end, or because the listener had enough. */
  leave(): void {
    this.#rejoin?.cancel()
    const observer = this.#observer
    if (observer === null) return
    const stop = (): void => void this.#system.stop(observer)
    if (this.#over) return stop()
    this.#over = true
    // Values are under way: the ear stays until all have come, or each would be a dead letter.
    this.#target.ask(this.#name, { step: 'leave', observer }).then(stop, stop)
  }

  #join(observer: Ref<Observing>): void {
    this.#target.ask(this.#name, { step: 'join', observer }).catch((error) => this.#refused(toError(error), observer))
  }

  #refused(error: Error, observer: Ref<Observing>): void {
    if (this.#over) return
    if (error instanceof AskError) {
      // The watch tells how it ended, after the last of its values.
      if (error.outcome === 'not-sent' && GONE.has(error.reason)) return
      if (error.outcome === 'unknown' || error.retryable) {
        this.#rejoin = this.#system.after(REJOIN_MS, () => this.#join(observer))
        return
      }
    }
    this.#fail(error)
  }

  #complete(): void {
    this.#over = true
    this.#subscriber.complete()
  }

  #fail(error: Error): void {
    this.#over = true
    this.#subscriber.error(error)
  }
}

const GONE: ReadonlySet<AskFailureReason> = new Set(['not-found', 'stale-ref', 'stopping', 'stopped', 'node-down'])
