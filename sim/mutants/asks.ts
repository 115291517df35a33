import type { Mutant } from './mutant.ts'

const PENDING = 'packages/core/src/actor/pending-ask.ts'
const NESTED = 'packages/core/src/actor/nested-ask.ts'
const TURNS = 'packages/core/src/actor/turns.ts'
const BELONGINGS = 'packages/core/src/actor/belongings.ts'

/** Bugs of asks: which of them reach a handler, when they end, and how. */
export const asks: readonly Mutant[] = [
  {
    name: 'ask-handled-after-its-end',
    file: PENDING,
    find: 'return (this.#state & OVER) === 0',
    replace: 'return true',
    form: 'statement',
    scenario: 'asks',
    why: 'An ask whose time is over is handled: an actor that is late gets later still.',
  },
  {
    name: 'ask-says-not-sent',
    file: PENDING,
    find: `this.sent ? 'unknown' : 'not-sent'`,
    replace: `'not-sent'`,
    form: 'expression',
    scenario: 'asks',
    why: 'An expired ask says that nothing was done, although its handler has begun: it is asked again, and done twice.',
  },
  {
    name: 'nested-ask-has-its-own-time',
    file: NESTED,
    find: 'if (leftMs <= this.timeoutMs) this.limit(leftMs)',
    replace: '',
    form: 'statement',
    scenario: 'asks',
    why: 'An ask of a handler waits for its own time, long after whoever waits for the handler has gone.',
  },
  {
    name: 'nested-ask-in-time-is-not-limited',
    file: NESTED,
    find: `this.limit(head.timeoutMs)
            this.#limitMs = dueMs`,
    replace: '',
    form: 'statement',
    scenario: 'asks',
    why: 'The path that spares a look at the clock forgets the deadline.',
  },
  {
    name: 'nested-asks-outlive-their-asker',
    file: TURNS,
    find: 'endAsksOf(this)',
    replace: '',
    form: 'statement',
    scenario: 'asks',
    why: 'Asks of an incarnation that is over go on, and keep others busy for nobody.',
  },
  {
    name: 'owed-answers-forgotten',
    file: BELONGINGS,
    find: 'for (const reply of this.owed) reply.abandon()',
    replace: '',
    form: 'statement',
    scenario: 'asks',
    why: 'Who waits for an answer that was taken over hears nothing when the actor restarts.',
  },
  {
    name: 'failed-ask-untold',
    file: TURNS,
    find: `this.takeOrigin()?.fail(error, 'handler')`,
    replace: 'this.takeOrigin()',
    form: 'statement',
    scenario: 'asks',
    why: 'A handler fails, and whoever asked learns it by a time-out.',
  },
  {
    name: 'ask-expires-early',
    file: PENDING,
    find: 'return Math.ceil(nowMs + this.timeoutMs)',
    replace: 'return Math.floor(nowMs + this.timeoutMs) - 1',
    form: 'statement',
    scenario: 'asks',
    why: 'Rounded down: an ask may expire before its time.',
  },
]
