import { Observable, type Observer, type Operator, type Subscriber, type Subscription, type TeardownLogic } from 'rxjs'
import type { Logger } from '../actor/logger.ts'
import { toError } from '../errors.ts'

/**
 * An Observable whose listeners cannot end the process. rxjs throws what a listener threw, and an error nobody
 * listens to, from a timer of its own; here both go to the system's log, and the other listeners hear on.
 * What is made of it by operators is of the same kind; `merge`, `combineLatest` and the like make plain ones.
 */
export class SystemObservable<T> extends Observable<T> {
  readonly #log: Logger

  constructor(log: Logger, subscribe?: (subscriber: Subscriber<T>) => TeardownLogic) {
    super(subscribe)
    this.#log = log
  }

  /** Called by rxjs for each operator in a pipe. */
  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new SystemObservable<R>(this.#log)
    lifted.source = this
    lifted.operator = operator
    return lifted
  }

  override subscribe(
    observerOrNext?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    // An operator further down has guards of its own, and a promise wants to be told.
    if (isSubscriber(observerOrNext)) return super.subscribe(observerOrNext)
    const given =
      typeof observerOrNext === 'object' && observerOrNext !== null
        ? observerOrNext
        : { next: observerOrNext ?? ignore, error: error ?? undefined, complete: complete ?? undefined }
    return super.subscribe(new GuardedObserver(given, this.#log))
  }
}

interface Listener<T> {
  next?: ((value: T) => void) | undefined
  error?: ((error: unknown) => void) | undefined
  complete?: (() => void) | undefined
}

class GuardedObserver<T> implements Observer<T> {
  readonly #listener: Listener<T>
  readonly #log: Logger

  constructor(listener: Listener<T>, log: Logger) {
    this.#listener = listener
    this.#log = log
  }

  next(value: T): void {
    try {
      this.#listener.next?.(value)
    } catch (thrown) {
      this.#threw(thrown)
    }
  }

  error(error: unknown): void {
    if (this.#listener.error === undefined) {
      this.#log.error('an Observable failed, and nobody listened to its error', toError(error))
      return
    }
    try {
      this.#listener.error(error)
    } catch (thrown) {
      this.#threw(thrown)
    }
  }

  complete(): void {
    try {
      this.#listener.complete?.()
    } catch (thrown) {
      this.#threw(thrown)
    }
  }

  #threw(thrown: unknown): void {
    this.#log.error('a listener of an Observable threw', toError(thrown))
  }
}

/** By its shape, because another copy of rxjs may have made it. */
function isSubscriber<T>(given: unknown): given is Subscriber<T> {
  if (typeof given !== 'object' || given === null) return false
  const parts = given as Partial<Subscriber<T>>
  return [parts.next, parts.error, parts.complete, parts.add, parts.remove, parts.unsubscribe].every(
    (part) => typeof part === 'function',
  )
}

function ignore(): void {}
