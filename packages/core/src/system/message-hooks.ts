import type { MessageHooks } from '../actor/cell-host.ts'
import { type Head, nameOf, type Origin, originOf } from '../actor/origin.ts'
import { PendingAsk } from '../actor/pending-ask.ts'
import type { AnyRef } from '../actor/ref.ts'
import type { Cbor } from '../codec/cbor.ts'
import type { Dispatcher } from '../dispatch/dispatcher.ts'
import { toError } from '../errors.ts'
import type { Clock } from '../runtime/clock.ts'
import { type InterceptedMessage, Interceptors } from './interceptor.ts'
import { type MessageGuard, messageGuard } from './message-guard.ts'
import { Journey, PassingMessage } from './passing-message.ts'
import type { Reports } from './reports.ts'
import type { Settings } from './system-options.ts'

/** @returns null when nothing looks at messages */
export function systemHooks(
  { messages, interceptors }: Settings,
  dispatcher: Dispatcher,
  clock: Clock,
  reports: Reports,
  cbor: Cbor,
): MessageHooks | null {
  const guard = messageGuard(messages, cbor)
  if (interceptors.length === 0) return guard === null ? null : new SystemHooks(guard, null, dispatcher, clock)
  const watching = new Interceptors(interceptors, (...failure) => reports.interceptorFailed(...failure))
  return new SystemHooks(guard, watching, dispatcher, clock)
}

/** What looks at every message of a node: the guard on payloads, and the interceptors. */
class SystemHooks implements MessageHooks {
  readonly #guard: MessageGuard | null
  readonly #interceptors: Interceptors | null
  readonly #dispatcher: Dispatcher
  readonly #clock: Clock
  #lastId = 0

  constructor(guard: MessageGuard | null, interceptors: Interceptors | null, dispatcher: Dispatcher, clock: Clock) {
    this.#guard = guard
    this.#interceptors = interceptors
    this.#dispatcher = dispatcher
    this.#clock = clock
  }

  passing(target: string, sent: Head, payload: unknown): { readonly head: Head; readonly payload: unknown } | null {
    // One handed on by its first receiver begins a journey of its own.
    const head = sent instanceof PassingMessage ? sent.original : sent
    const name = nameOf(head)
    // Markers of the runtime have no name, and what the runtime tells itself is nobody else's business.
    if (name === '' || isInternal(target)) return { head, payload }
    const origin = originOf(head)
    const own = origin?.own ?? false
    const guard = own ? null : this.#guard
    if (guard !== null) {
      try {
        payload = guard(payload, name)
      } catch (thrown) {
        return notPassed(origin, toError(thrown))
      }
    }
    const journey = this.#journey(own ? 'own' : origin === null ? 'tell' : 'ask', target, name, payload)
    // Of a plain tell nothing more is to be seen.
    if (journey === null && (guard === null || origin === null)) return { head, payload }
    return new PassingMessage(head, payload, guard, journey)
  }

  leaving(target: AnyRef, name: string, payload: unknown, kind: 'tell' | 'ask'): void {
    if (!isInternal(target.path)) this.#journey(kind, `${target}`, name, payload)
  }

  handled(head: Head, error: Error | null): void {
    if (head instanceof PassingMessage) head.handled(error)
  }

  #journey(kind: InterceptedMessage['kind'], target: string, name: string, payload: unknown): Journey | null {
    const interceptors = this.#interceptors
    if (interceptors === null || interceptors.calling) return null
    const { head, running } = this.#dispatcher
    const causeId = running !== null && head instanceof PassingMessage ? head.causeId : null
    return new Journey({ id: ++this.#lastId, causeId, kind, target, name, payload }, interceptors, this.#clock)
  }
}

/** Whether an actor is part of the runtime itself. */
function isInternal(path: string): boolean {
  return path.startsWith('/system/')
}

/** @throws `error` where nobody waits for an answer: whoever told is to know */
function notPassed(origin: Origin | null, error: Error): null {
  if (origin === null) throw error
  if (origin instanceof PendingAsk) origin.reject('not-sent', 'not-serializable', error.message, { cause: error })
  else origin.undelivered('not-serializable')
  return null
}
