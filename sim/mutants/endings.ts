import type { Mutant } from './mutant.ts'

const LIFECYCLE = 'packages/core/src/actor/lifecycle.ts'
const INCARNATION = 'packages/core/src/actor/incarnation.ts'
const CLEAN_UPS = 'packages/core/src/actor/clean-ups.ts'
const WATCH = 'packages/core/src/actor/watch.ts'
const CELL = 'packages/core/src/actor/cell.ts'
const TURNS = 'packages/core/src/actor/turns.ts'
const QUEUES = 'packages/core/src/actor/queues.ts'

/** Bugs of ends: what a stop waits for, what an incarnation that is over may still do, and who hears of it. */
export const endings: readonly Mutant[] = [
  {
    name: 'stop-in-the-midst-of-a-handler',
    file: TURNS,
    find: 'waiting.busy || (waiting.sideTurns !== null && waiting.sideTurns.size > 0)',
    replace: 'waiting.sideTurns !== null && waiting.sideTurns.size > 0',
    form: 'expression',
    scenario: 'endings',
    why: 'When handlers beside the pending one came, the pending one itself was forgotten.',
  },
  {
    name: 'stop-without-a-limit',
    file: LIFECYCLE,
    find: 'ending.limit ??= this.host.timers.after(this.timeToStopMs, () => this.overdue())',
    replace: '',
    form: 'statement',
    scenario: 'endings',
    why: 'A handler that hangs keeps its actor, and whoever stops it, for ever.',
  },
  {
    name: 'clean-ups-first-comes-first',
    file: CLEAN_UPS,
    find: 'this.#waiting.pop()!()',
    replace: 'this.#waiting.shift()!()',
    form: 'expression',
    scenario: 'endings',
    why: 'Clean-ups run in the order they were added: what was opened first is closed first.',
  },
  {
    name: 'clean-ups-after-a-kill',
    file: CLEAN_UPS,
    find: 'this.#waiting.length = 0',
    replace: '',
    form: 'statement',
    scenario: 'endings',
    why: 'Those that have not begun when the time is over begin later nevertheless.',
  },
  {
    name: 'clean-ups-at-a-kill',
    file: LIFECYCLE,
    find: 'this.endTurn()',
    within: `protected endIncarnation(): void {
    this.endTurn()`,
    replace: 'this.endTurn(); void this.incarnation?.cleanUp()',
    form: 'statement',
    scenario: 'endings',
    why: 'To be on the safe side the clean-ups are called once more at the very end.',
  },
  {
    name: 'zombie-reaches-itself',
    file: INCARNATION,
    find: 'if (this.#live) return owner.ref as ActorRef<AnyProtocol>',
    replace: 'return owner.ref as ActorRef<AnyProtocol>',
    form: 'statement',
    scenario: 'endings',
    why: 'A handler left over sends messages to its successor.',
  },
  {
    name: 'zombie-keeps-its-context',
    file: INCARNATION,
    find: 'this.#live = false',
    within: `end(actorEnds: boolean): void {
    this.#live = false`,
    replace: '',
    form: 'statement',
    scenario: 'endings',
    why: 'A handler left over may still spawn, watch and set timers.',
  },
  {
    name: 'watch-again-adds',
    file: INCARNATION,
    find: 'this.unwatch(ref)',
    within: `this.check('watch')
    this.unwatch(ref)`,
    replace: '',
    form: 'statement',
    scenario: 'endings',
    why: 'Watching again does not replace: two notices.',
  },
  {
    name: 'unwatch-leaves-a-queued-notice',
    file: WATCH,
    find: 'super.begin()',
    within: 'return super.begin()',
    replace: 'true',
    form: 'expression',
    scenario: 'endings',
    why: 'A notice that is queued when the watch ends is handled all the same.',
  },
  {
    name: 'unwatch-leaves-the-watcher',
    file: WATCH,
    find: `this.#live = false
    if (!this.#told) this.#target.removeWatcher(this)`,
    replace: 'if (this.#told) this.#target.removeWatcher(this)',
    form: 'statement',
    scenario: 'endings',
    why: 'A condition turned round: the watch stays with its target and fires.',
  },
  {
    name: 'notice-while-it-stops',
    file: CELL,
    find: 'this.state === STOPPED',
    within: `addWatcher(watcher: Watcher): void {
    if (this.state === STOPPED`,
    replace: 'this.state >= STOPPING',
    form: 'expression',
    scenario: 'endings',
    why: 'Who begins to watch an actor that is stopping hears at once that it is gone.',
  },
  {
    name: 'leftovers-vanish',
    file: QUEUES,
    find: `if (!given) this.undelivered('stopped', head, payload)`,
    replace: '',
    form: 'statement',
    scenario: 'endings',
    why: 'What is queued when an actor has ended vanishes: no dead letter, and asks wait for their time-out.',
  },
  {
    name: 'stale-result-ends-the-present-turn',
    file: TURNS,
    find: 'turn !== waiting.turn || !waiting.busy',
    replace: '!waiting.busy',
    form: 'expression',
    scenario: 'endings',
    why: 'The end of a handler left over is taken for that of the handler under way.',
  },
]
