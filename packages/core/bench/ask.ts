/**
 * What an ask costs beside a bare queue that makes one promise and one object per question. CPU time in ns, least
 * of 41 rounds and four runs on a busy machine (Node 20.20): the ratios matter.
 *
 *                               ask   bare   ratio   before
 *   one at a time               165    122    0.74     0.57
 *   100 in flight               136    106    0.78
 *   1,000 in flight             155     92    0.59     0.45   (beyond 128 an actor's own queues are in between)
 *   1,000 by a handler          200                           (195 without diagnostics)
 *   1,000 by ctx.ask            245
 *
 * What was tried: no deadline before the slice is over (-12 in flight), six fields fewer because most asks never
 * get a deadline at all (-15), a closure per promise instead of one shared executor (-17, the engine inlines it),
 * the options looked at elsewhere; without effect: plain instead of #private fields; dearer: everything inside the
 * promise's executor (+30).
 *
 *   node scripts/run.mjs packages/core/bench/ask.ts [rounds]
 */
import { actor } from '../src/actor/actor.ts'
import type { Ref } from '../src/actor/ref.ts'
import { createSystem } from '../src/create-system.ts'

const ROUNDS = Number(process.argv[2] ?? 41)
const COUNT = 20_000
const IN_FLIGHT = 1_000

/** The least an ask can cost: a queue, a promise and an object for the question. */
class Question {
  readonly value: number
  readonly answer: (value: number) => void

  constructor(value: number, answer: (value: number) => void) {
    this.value = value
    this.answer = answer
  }
}

let queue: (typeof echo | Question)[] = []
const resolved = Promise.resolve()
const echo = { receive: (question: Question): void => question.answer(question.value) }

function drain(): void {
  const taken = queue
  queue = []
  for (let i = 0; i < taken.length; i += 2) (taken[i] as typeof echo).receive(taken[i + 1] as Question)
}

function bareAsk(value: number): Promise<number> {
  return new Promise((resolve) => {
    if (queue.length === 0) void resolved.then(drain)
    queue.push(echo, new Question(value, resolve))
  })
}

const echoing = actor('echo', () => ({ echo: (value: number) => value }))

/** Asks from inside a handler, a thousand at a time: before an await, or by `ctx.ask`. */
const relaying = actor('relay', (ctx, to: Ref<{ echo: (value: number) => number }>) => ({
  byRef: () => {
    const answers: Promise<number>[] = []
    for (let i = 0; i < IN_FLIGHT; i++) answers.push(to.ask('echo', i))
    return Promise.all(answers).then(() => {})
  },
  byContext: () => {
    const answers: Promise<number>[] = []
    for (let i = 0; i < IN_FLIGHT; i++) answers.push(ctx.ask(to, 'echo', i))
    return Promise.all(answers).then(() => {})
  },
}))

const system = await createSystem({ name: 'bench', log: false })
const ref = system.spawn(echoing)
const relay = system.spawn(relaying, { args: ref })
const quiet = await createSystem({ name: 'quiet', log: false, diagnostics: false })
const quietRelay = quiet.spawn(relaying, { args: quiet.spawn(echoing) })

async function lockstep(ask: (value: number) => Promise<number>): Promise<void> {
  for (let i = 0; i < COUNT; i++) await ask(i)
}

async function inFlight(ask: (value: number) => Promise<number>): Promise<void> {
  for (let asked = 0; asked < COUNT; asked += IN_FLIGHT) {
    const answers: Promise<number>[] = []
    for (let i = 0; i < IN_FLIGHT; i++) answers.push(ask(i))
    await Promise.all(answers)
  }
}

const variants: Record<string, () => Promise<void>> = {
  'bare, one at a time': () => lockstep(bareAsk),
  'ask, one at a time': () => lockstep((value) => ref.ask('echo', value)),
  'bare, 1,000 in flight': () => inFlight(bareAsk),
  'ask, 1,000 in flight': () => inFlight((value) => ref.ask('echo', value)),
  'the same, by a handler': async () => {
    for (let asked = 0; asked < COUNT; asked += IN_FLIGHT) await relay.ask('byRef')
  },
  'the same, no diagnostics': async () => {
    for (let asked = 0; asked < COUNT; asked += IN_FLIGHT) await quietRelay.ask('byRef')
  },
  'the same, by ctx.ask': async () => {
    for (let asked = 0; asked < COUNT; asked += IN_FLIGHT) await relay.ask('byContext')
  },
}

const times = new Map<string, number[]>()
for (let round = -10; round < ROUNDS; round++) {
  for (const [name, run] of Object.entries(variants)) {
    const start = process.cpuUsage()
    await run()
    const { user, system: inKernel } = process.cpuUsage(start)
    const ns = ((user + inKernel) * 1e3) / COUNT
    if (round >= 0) times.set(name, [...(times.get(name) ?? []), ns])
  }
}
for (const [name, list] of times) {
  list.sort((a, b) => a - b)
  console.log(`${name.padEnd(26)} median ${list[list.length >> 1]!.toFixed(0)}  least ${list[0]!.toFixed(0)}`)
}
await Promise.all([system.stop(), quiet.stop()])
