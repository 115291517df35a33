import type { Mutant } from './mutant.ts'

const DISPATCHER = 'packages/core/src/dispatch/dispatcher.ts'
const REMOTING = 'packages/core/src/remoting'

/** Bugs that show where there is too much to do: who has no turn, what grows without bound, what is lost without a word. */
export const overload: readonly Mutant[] = [
  {
    name: 'slice-counted-from-the-visit',
    file: DISPATCHER,
    find: 'this.lastLookMs - this.#sliceStartMs >= SLICE_MS',
    replace: 'this.lastLookMs - this.#visitStartMs >= SLICE_MS',
    form: 'expression',
    scenario: 'fairness',
    why: 'Two starts are kept, and one is taken for the other: with each visit to an actor the slice begins anew.',
  },
  {
    name: 'slice-ends-with-its-drain',
    file: DISPATCHER,
    find: 'this.#inSlice = true',
    replace: '',
    form: 'statement',
    scenario: 'fairness',
    why: 'Each drain is a slice of its own: actors that wake one another through promises leave no turn to timers.',
  },
  {
    name: 'promises-not-looked-at',
    file: DISPATCHER,
    find: 'this.#stretch = 1',
    within: 'this.#stretch = 1\n      this.#scheduler.yield(this.#endSlice)',
    replace: '',
    form: 'statement',
    scenario: 'fairness',
    why: 'Handlers were fast, so it is long until the next look; but what they do behind an await is slow.',
  },
  {
    name: 'handlers-always-awaited',
    file: 'packages/core/src/actor/turns.ts',
    find: 'if (promise !== null) this.awaitTurn(promise)',
    within: `return
    }
    const promise = typeof result === 'object' || typeof result === 'function' ? promiseOf(result) : null
    if (promise !== null) this.awaitTurn(promise)
  }

  protected handleFrom`,
    replace: 'this.awaitTurn(promise ?? Promise.resolve(result))',
    form: 'statement',
    scenario: 'fairness',
    why: 'One path for all handlers is less to read: each message costs two promises.',
  },
  {
    name: 'outbox-bytes-unbounded',
    file: `${REMOTING}/outbox.ts`,
    find: 'this.#messages > 0 && this.#messageBytes + message.payloadBytes > MAX_BYTES',
    replace: 'false',
    form: 'expression',
    scenario: 'overload',
    why: 'What waits for a node is counted in messages alone, and they may be large.',
  },
  {
    name: 'outbox-full-without-a-word',
    file: `${REMOTING}/outflow.ts`,
    find: `this.#host.undelivered('outbound-full', message)`,
    replace: 'undefined',
    form: 'expression',
    scenario: 'overload',
    why: 'What finds no room on its way out is in no count.',
  },
  {
    name: 'full-mailbox-not-told-of-afar',
    file: `${REMOTING}/deliveries.ts`,
    find: `cells.undelivered('mailbox-full', target.path, name, payload, origin)`,
    replace: '',
    form: 'statement',
    scenario: 'overload',
    why: 'A sender on another node cannot be told no; so nobody is.',
  },
]
