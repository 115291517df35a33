import type { Mutant } from './mutant.ts'

const RESTARTS = 'packages/core/src/supervision/restarts.ts'
const COHORT = 'packages/core/src/supervision/cohort.ts'
const CELL = 'packages/core/src/actor/cell.ts'
const LIFECYCLE = 'packages/core/src/actor/lifecycle.ts'

/** Bugs of supervision: how often, after what wait, in which order and with whom an actor is restarted. */
export const supervision: readonly Mutant[] = [
  {
    name: 'restart-once-too-often',
    file: RESTARTS,
    find: 'this.#restartsMs.length >= this.#settings.maxRestarts',
    replace: 'this.#restartsMs.length > this.#settings.maxRestarts',
    form: 'expression',
    scenario: 'supervision',
    why: 'Off by one: n restarts are allowed, and n + 1 are granted.',
  },
  {
    name: 'restart-window-never-slides',
    file: RESTARTS,
    find: 'this.#restartsMs = this.#restartsMs.filter((at) => nowMs - at < this.#settings.withinMs)',
    replace: '',
    form: 'statement',
    scenario: 'supervision',
    why: 'Restarts are counted for ever: an actor that fails once a day is given up in a week.',
  },
  {
    name: 'backoff-never-starts-anew',
    file: RESTARTS,
    find: 'nowMs - this.#lastFailureMs > (minMs + maxMs) / 2',
    replace: 'false',
    form: 'expression',
    scenario: 'supervision',
    why: 'The wait keeps growing however long all went well.',
  },
  {
    name: 'backoff-without-a-top',
    file: RESTARTS,
    find: 'Math.min(maxMs, baseMs * factor)',
    replace: 'baseMs * factor',
    form: 'expression',
    scenario: 'supervision',
    why: 'The longest wait is checked at the door, and used nowhere.',
  },
  {
    name: 'one-for-all-leaves-the-first',
    file: COHORT,
    find: 'round.last >= 0',
    replace: 'round.last > 0',
    form: 'expression',
    scenario: 'supervision',
    why: 'Off by one: the sibling spawned first goes on with its old state.',
  },
  {
    name: 'rest-for-one-takes-all',
    file: CELL,
    find: `supervise?.scope === 'rest'`,
    within: `return supervise?.scope === 'rest' ?`,
    replace: 'false',
    form: 'expression',
    scenario: 'supervision',
    why: 'The two scopes of a cohort are not told apart where it counts.',
  },
  {
    name: 'cohort-starts-backwards',
    file: COHORT,
    find: 'for (const member of round.members) member.revive()',
    replace: 'for (const member of [...round.members].reverse()) member.revive()',
    form: 'statement',
    scenario: 'supervision',
    why: 'A cohort starts in the order in which it stopped: the one that the others build on comes last.',
  },
  {
    name: 'cohort-stops-at-once',
    file: COHORT,
    find: 'if (!member.isDown(round.restarting)) return',
    replace: '',
    form: 'statement',
    scenario: 'supervision',
    why: 'The members are told to stop one after the other, and nobody waits until one is down.',
  },
  {
    name: 'children-survive-a-restart',
    file: LIFECYCLE,
    find: 'this.state < RESTARTING',
    within: 'return this.state < RESTARTING || (this',
    replace: 'this.state <= RESTARTING',
    form: 'expression',
    scenario: 'supervision',
    why: 'A restart is taken for a running state: the next incarnation spawns its children beside the old ones.',
  },
  {
    name: 'children-stop-oldest-first',
    file: LIFECYCLE,
    find: 'children.youngest',
    replace: 'children.oldest',
    form: 'expression',
    scenario: 'supervision',
    why: 'The list of children is walked from its other end.',
  },
  {
    name: 'clean-up-before-children-are-gone',
    file: LIFECYCLE,
    find: `if (ending.draining) child.drainAndStop()
      else child.stop()
      return`,
    replace: `if (ending.draining) child.drainAndStop()
      else child.stop()`,
    form: 'statement',
    scenario: 'supervision',
    why: 'The children are told to stop, and nobody waits for them: clean-ups pull the ground from under them.',
  },
  {
    name: 'restart-does-not-wait',
    file: LIFECYCLE,
    find: 'this.host.timers.after(ending.restartDelayMs, () => this.revive())',
    replace: 'this.host.timers.after(0, () => this.revive())',
    form: 'expression',
    scenario: 'supervision',
    why: 'The wait is reported, and not kept: a broken resource is hammered.',
  },
]
