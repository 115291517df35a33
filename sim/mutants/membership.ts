import type { Mutant } from './mutant.ts'

const DIR = 'packages/core/src/cluster'

/** Bugs of membership. */
export const membershipMutants: readonly Mutant[] = [
  {
    name: 'opinion-without-incarnation',
    file: `${DIR}/member.ts`,
    find: `compareOpinions(ours, theirs) >= 0`,
    replace: `ours.opinion >= theirs.opinion`,
    form: 'expression',
    scenario: 'membership',
    why: 'A suspect may contradict: the worse opinion wins, whatever the member has said since.',
  },
  {
    name: 'incarnation-not-raised',
    file: `${DIR}/member-changes.ts`,
    find: `accused ? theirs.incarnation + 1 : own.incarnation`,
    replace: `own.incarnation`,
    form: 'expression',
    scenario: 'membership',
    why: 'A suspect may contradict: what it says is no newer than what is said of it.',
  },
  {
    name: 'refusal-of-a-stranger-unheard',
    file: `${DIR}/membership.ts`,
    find: `(this.#roster.get(uid)?.state ?? JOINING) < DOWN`,
    replace: `(this.#roster.get(uid)?.state ?? DOWN) < DOWN`,
    form: 'expression',
    scenario: 'membership-healing',
    why: 'Who counts as down is told so: also by one it knows nothing of, as that has removed it, or it has not heard yet.',
  },
  {
    name: 'grace-goes-first',
    file: 'packages/core/src/remoting/reconnect.ts',
    find: `this.#graceMs > 0 || this.#judged()`,
    replace: `this.#graceMs > 0`,
    form: 'expression',
    scenario: 'membership-healing',
    why: 'With membership a lost connection alone is no death: each side of a partition gives up the other.',
  },
  {
    name: 'seeds-of-removed-grow-again',
    file: `${DIR}/roster.ts`,
    find: `this.#removed.size <= MOST_REMOVED`,
    replace: `false`,
    form: 'expression',
    scenario: 'membership-healing',
    why: 'No removed uid comes back: what is forgotten is news when somebody who has not heard of its end speaks of it.',
  },
  {
    name: 'joiners-up-at-once',
    file: `${DIR}/promotion.ts`,
    find: `!this.#agreement.isReached(others, nominated, nowMs)`,
    replace: `false`,
    form: 'expression',
    scenario: 'split-by-hearsay',
    why: 'Two sides never both go on: a joiner counts on one side, and the other one has never heard of it.',
  },
  {
    name: 'down-without-agreement',
    file: `${DIR}/downing.ts`,
    find: `condemned.length > 0 && !this.#agreement.isReached(others, condemned, nowMs)`,
    replace: `false`,
    form: 'expression',
    scenario: 'split-by-hearsay',
    why: 'Two sides never both go on: one is cut off before the others have heard whom it took for down, and they take that one back.',
  },
]
