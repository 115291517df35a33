import type { Mutant } from './mutant.ts'

const QUEUES = 'packages/core/src/actor/queues.ts'
const TURNS = 'packages/core/src/actor/turns.ts'
const WAITING = 'packages/core/src/actor/waiting.ts'
const TIMER = 'packages/core/src/actor/actor-timer.ts'
const KEYED = 'packages/core/src/actor/keyed-timer.ts'
const BELONGINGS = 'packages/core/src/actor/belongings.ts'

/** Bugs of turns: what may run beside what, what comes back from a stash and where, and when timers tick. */
export const turns: readonly Mutant[] = [
  {
    name: 'turns-overlap',
    file: QUEUES,
    find: '!(waiting.busy || waiting.suspended)',
    replace: '!waiting.suspended',
    form: 'expression',
    scenario: 'stash-and-timers',
    why: 'A handler that awaits counts as ended: the next message begins beside it.',
  },
  {
    name: 'interleave-all-names',
    file: QUEUES,
    find: 'if (!this.interleaved?.has(nameOf(head))) return false',
    replace: 'if (this.interleaved === null) return false',
    form: 'statement',
    scenario: 'stash-and-timers',
    why: 'Where one message may run beside a handler, all may.',
  },
  {
    name: 'interleave-forgets-the-stash',
    file: QUEUES,
    find: `[
      waiting.front,
      waiting.beside,
      waiting.held,
      mailbox instanceof UnboundedMailbox ? mailbox : null,
    ]`,
    replace: '[waiting.beside, waiting.held, waiting.front, mailbox instanceof UnboundedMailbox ? mailbox : null]',
    form: 'expression',
    scenario: 'stash-and-timers',
    why: 'Sifting the queues for what need not wait puts what came back from the stash behind the rest.',
  },
  {
    name: 'stash-back-in-front-of-earlier',
    file: TURNS,
    find: 'waiting.front = joined(waiting.stash, waiting.front)',
    replace: 'waiting.front = waiting.front === null ? waiting.stash : joined(waiting.front, waiting.stash)',
    form: 'statement',
    scenario: 'stash-and-timers',
    why: 'What is put back goes behind what was put back before, and is older than that.',
  },
  {
    name: 'stash-behind-the-mailbox',
    file: WAITING,
    find: 'if (waiting.front.take()) return waiting.front',
    replace: 'if (waiting.mailbox?.take()) return waiting.mailbox\n    if (waiting.front.take()) return waiting.front',
    form: 'statement',
    scenario: 'stash-and-timers',
    why: 'What is put back waits for all that is queued.',
  },
  {
    name: 'stash-lost-at-a-restart',
    file: TURNS,
    find: 'this.takeBack()',
    within: `this.takeBack()
    endAsksOf(this)`,
    replace: 'if (this.waiting !== null) this.waiting.stash = null',
    form: 'statement',
    scenario: 'stash-and-timers',
    why: 'The stash is taken for state of the incarnation.',
  },
  {
    name: 'timers-outlive-a-restart',
    file: BELONGINGS,
    find: 'for (const timer of this.timers) timer.cancel()',
    replace: '',
    form: 'statement',
    scenario: 'stash-and-timers',
    why: 'Ticks of an incarnation that is over reach the next one.',
  },
  {
    name: 'keyed-timers-outlive-a-restart',
    file: BELONGINGS,
    find: 'for (const timer of this.keyedTimers.values()) timer.cancel()',
    replace: '',
    form: 'statement',
    scenario: 'stash-and-timers',
    why: 'Timers with a key were added later, and forgotten in one place.',
  },
  {
    name: 'timer-ticks-once-more',
    file: TIMER,
    find: 'return this.#live',
    replace: 'return true',
    form: 'statement',
    scenario: 'stash-and-timers',
    why: 'A tick that is queued is handled although its timer was cancelled or replaced meanwhile.',
  },
  {
    name: 'timer-ticks-pile-up',
    file: TIMER,
    find: '!this.#queued',
    replace: 'true',
    form: 'expression',
    scenario: 'stash-and-timers',
    why: 'A busy actor finds all ticks of the time it was busy.',
  },
  {
    name: 'timer-ticks-once',
    file: TIMER,
    find: 'this.#queued = false',
    within: 'begin(): boolean {\n    this.#queued = false',
    replace: '',
    form: 'statement',
    scenario: 'stash-and-timers',
    why: 'A tick counts as queued for ever: a repeated timer ticks once.',
  },
  {
    name: 'timer-not-replaced',
    file: KEYED,
    find: 'this.cancel()',
    within: `this.cancel()
    this.#active.set`,
    replace: '',
    form: 'statement',
    scenario: 'stash-and-timers',
    why: 'Starting a key again starts a second timer beside the first.',
  },
]
