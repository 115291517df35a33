import { actor, protocol } from '@troupe/core'
import test from 'ava'
import { linearizable } from '../checkers/linearizability.ts'
import { registerModel } from '../checkers/models/register.ts'
import { scenario } from '../simulation/scenario.ts'
import { simulate } from '../simulation/simulate.ts'
import { assertNoViolations, explore } from './explore.ts'
import { formatRepro, parseRepro, replay, simulateOptions } from './repro.ts'
import { shrink } from './shrinker.ts'
import { spaceTime } from './space-time.ts'
import { timeline } from './timeline.ts'

interface Register {
  write: (value: number) => void
  read: () => number | null
}
const Register = protocol<Register>('register')

/** The planted fault: acknowledged writes are in memory alone, and a crash loses them. */
const behavior = actor(Register, () => {
  let value: number | null = null
  return {
    write: (next) => {
      value = next
    },
    read: () => value,
  }
})

const forgetful = scenario({
  name: 'forgetful',
  nodes: 1,
  clients: 1,
  durationMs: 20_000,
  faults: { kinds: ['crash', 'clock'], maxDown: 1, meanGapMs: 2_000 },
  async start(node) {
    const system = await node.createSystem()
    system.register(Register, system.spawn(behavior))
  },
  async client(client) {
    const find = () => client.system.find(Register, { timeoutMs: 500 })
    const options = { timeoutMs: 1_000 }
    if (client.random.below(2) === 0) {
      await client.operation('read', { read: true }, async () => (await find()).ask('read', undefined, options))
    } else {
      const value = client.unique()
      await client.operation('write', { value }, async () => (await find()).ask('write', value, options))
    }
  },
  checkers: [linearizable(registerModel())],
})

test('what a sweep finds is told, made small, written down, and replayed to the same hash', async (t) => {
  const exploration = await explore(forgetful, { seeds: 50 })

  const error = t.throws(() => assertNoViolations(exploration), { code: 'VIOLATIONS_FOUND' })
  t.regex(error.message, /replay: await simulate\(\{ scenario: forgetful, seed: \d+ \}\)\n +ms {2}n1\n/)

  const { run, violation } = exploration.failures[0]!
  const small = await shrink(run, forgetful, { violation })
  t.deepEqual(
    small.nemesis.map(({ op }) => op),
    ['crash', 'start'],
  )
  t.true(small.operations <= 20, `${small.operations} operations`)

  const repro = parseRepro(formatRepro(small))
  const again = await replay(repro, forgetful)
  t.is(again.hash, repro.hash)
  t.is(JSON.stringify(again.violations[0]), JSON.stringify(repro.violation))
  t.regex(timeline(again), /! c1\S* write \d+ \.\. ok/)
  t.regex(spaceTime(again), /"ask write #\d+"/)
})

test('a run is the same when its faults come from a list, and when its events are kept', async (t) => {
  for (const seed of [1, 'd6ea1e4+0']) {
    for (const mode of ['explore', 'fifo'] as const) {
      const run = await simulate({ scenario: forgetful, seed, mode })
      const options = simulateOptions(forgetful, run.seed, { ...run.draws, ...run, mode, nodes: 1 })

      t.is((await simulate({ ...options, record: true })).hash, run.hash)
    }
  }
})

test('a scenario that remembers its last run is caught, with the first event that differs', async (t) => {
  let runs = 0
  const leaky = scenario({
    name: 'leaky',
    nodes: 1,
    clients: 1,
    durationMs: 1_000,
    faults: false,
    start: (node) => node.createSystem(),
    async client(client) {
      // As a cache at the top of a module would.
      await client.operation(runs > 1 ? 'warm' : 'cold', {}, async () => runs++)
    },
  })

  const { failures } = await explore(leaky, { seeds: 1 })

  t.is(failures[0]!.violation.kind, 'nondeterminism')
  t.regex(failures[0]!.violation.message, /^the same seed gave two runs; events 0 to 1024 differ/)
})
