import { actor } from '../src/actor/actor.ts'
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

const system = await createSystem({ name: 'bench', log: false })
const ref = system.spawn(actor('echo', () => ({ echo: (value: number) => value })))
const relay = system.spawn(
  actor('relay', () => ({
    /** Asks from inside a handler, a thousand at a time. */
    run: () => {
      const answers: Promise<number>[] = []
      for (let i = 0; i < IN_FLIGHT; i++) answers.push(ref.ask('echo', i))
      return Promise.all(answers).then(() => {})
    },
  })),
)

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
  'the same by a handler': async () => {
    for (let asked = 0; asked < COUNT; asked += IN_FLIGHT) await relay.ask('run')
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
  console.log(`${name.padEnd(24)} median ${list[list.length >> 1]!.toFixed(0)}  least ${list[0]!.toFixed(0)}`)
}
await system.stop()
