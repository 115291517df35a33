import type { Mutant } from './mutant.ts'

const DIR = 'packages/core/src/singleton'

/** Bugs of singletons. */
export const singletons: readonly Mutant[] = [
  {
    name: 'restart-keeps-fence',
    file: `${DIR}/fencing.ts`,
    find: `tenure * PER_TENURE + restarts`,
    replace: `tenure * PER_TENURE`,
    form: 'expression',
    scenario: 'singleton',
    why: 'Fencing tokens grow: what an incarnation before a restart still does passes for what this one does.',
  },
  {
    name: 'tenures-forget-the-time',
    file: `${DIR}/fencing.ts`,
    find: `Math.max(known + 1, Math.floor(clock.wall()))`,
    replace: `known + 1`,
    form: 'expression',
    scenario: 'singleton',
    why: 'Fencing tokens grow: a cluster that begins anew begins below what the one before it had.',
  },
  {
    name: 'takes-over-before-removal',
    file: `${DIR}/singleton-manager.ts`,
    find: `member.state !== 'down' && isOne(member)`,
    replace: `member.state !== 'down' && member.reachable && isOne(member)`,
    form: 'expression',
    scenario: 'singleton',
    why: 'At most one at a time: who is out of reach may run on, until the membership has decided that it is down.',
  },
  {
    name: 'host-votes-for-another',
    file: `${DIR}/singleton-manager.ts`,
    find: `isAbove && this.#tenure === null && this.#rightful()?.uid === uid`,
    replace: `isAbove && this.#rightful()?.uid === uid`,
    form: 'expression',
    scenario: 'singleton-handover',
    why: 'At most one at a time: a host that leaves lets the next one begin before its own has stopped.',
  },
  {
    name: 'moves-without-hold',
    file: `${DIR}/singleton-manager.ts`,
    find: `missing.length === 0 || isLate`,
    replace: `true`,
    form: 'expression',
    scenario: 'singleton-handover',
    why: 'A hand-over loses nothing: what others still send to the old host when it stops is lost.',
  },
  {
    name: 'stops-without-drain',
    file: `${DIR}/singleton-manager.ts`,
    find: `{ drain: !isLate }`,
    replace: `{ drain: false }`,
    form: 'expression',
    scenario: 'singleton-handover',
    why: 'A hand-over loses nothing: what is queued when the singleton is told to stop is lost.',
  },
  {
    name: 'buffer-overtaken',
    file: `${DIR}/singleton-proxy.ts`,
    find: `this.#route.target === null || this.#waiting > 0`,
    replace: `this.#route.target === null`,
    form: 'expression',
    scenario: 'singleton-handover',
    why: 'One sender keeps its order: what comes when there is a host again overtakes what waited for it.',
  },
  {
    name: 'buffer-dropped',
    file: `${DIR}/singleton-proxy.ts`,
    find: `this.#context.unstash()`,
    replace: `void 0`,
    form: 'statement',
    scenario: 'singleton-handover',
    why: 'A hand-over loses nothing: what waited for the next host is never passed on.',
  },
]

const DELIVERY = 'packages/core/src/delivery'
const TOPICS = 'packages/core/src/topics'

/** Bugs of reliable delivery and of topics. */
export const deliveries: readonly Mutant[] = [
  {
    name: 'duplicate-handed-on',
    file: `${DELIVERY}/consumer.ts`,
    find: `if (seq < next) return`,
    replace: ``,
    form: 'statement',
    scenario: 'delivery',
    why: 'No repetition: what is sent again because the answer was lost is taken for something new.',
  },
  {
    name: 'gap-handed-on',
    file: `${DELIVERY}/consumer.ts`,
    find: `seq > next || from.queue.length >= this.#window`,
    replace: `from.queue.length >= this.#window`,
    form: 'expression',
    scenario: 'delivery',
    why: 'None left out: what comes behind one that was lost is taken for the next.',
  },
  {
    name: 'confirmed-when-received',
    file: `${DELIVERY}/consumer.ts`,
    find: `this.#tell(from, next)`,
    replace: `this.#tell({ ...from, handled: next }, next)`,
    form: 'expression',
    scenario: 'delivery',
    why: 'What is confirmed was handled: what waits for the target counts as handled already.',
  },
  {
    name: 'log-forgotten-at-restart',
    file: `${DELIVERY}/producer.ts`,
    find: `this.#values = [...unconfirmed]`,
    replace: `this.#values = []`,
    form: 'statement',
    scenario: 'delivery',
    why: 'A restart goes on where the log ends: what was not confirmed is left out.',
  },
  {
    name: 'topic-without-listener-is-kept',
    file: `${TOPICS}/topic-broker.ts`,
    find: `this.#topics.delete(topic)`,
    replace: `void 0`,
    form: 'statement',
    scenario: 'topics',
    why: 'Whoever subscribes gets what is published: the hub of a topic has ended, and is taken for one that is there.',
  },
]
