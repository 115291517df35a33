import test from 'ava'
import type { NemesisOperation } from '../nemesis/nemesis.ts'
import { NO_COVERAGE } from '../simulation/coverage.ts'
import type { Run, SimulateOptions } from '../simulation/run.ts'
import type { Scenario } from '../simulation/scenario.ts'
import type { Violation } from '../simulation/violation.ts'
import { simulateOptions } from './repro.ts'
import { type ShrinkProgress, shrink } from './shrinker.ts'

const scenario: Scenario = { name: 'toy', nodes: 5, clients: 4, start: () => {} }
const lost: Violation = { kind: 'safety', name: 'lost-write', message: 'lost', atMs: 2_345.6 }

const nemesis: readonly NemesisOperation[] = Array.from({ length: 40 }, (_, i) => {
  const atMs = 101.5 + i * 97
  if (i % 4 === 0) return { atMs, op: 'crash', node: i % 8 === 0 ? 'n1' : `n${(i % 5) + 1}` }
  if (i % 4 === 1) return { atMs, op: 'partition', groups: [['n1', 'n5'], ['n2', 'n3'], ['c4']] }
  return i % 4 === 2 ? { atMs, op: 'cut', from: 'n1', to: 'c3' } : { atMs, op: 'heal' }
})
const messageFaults = Array.from({ length: 30 }, (_, n) => ({
  link: n % 3 === 0 ? 'n4>n1' : 'n1>n2',
  n,
  fault: 'delay' as const,
  delayMs: 123.4,
}))

/** A run that loses a write when n1 crashes after 300 ms, frame 7 is late, and the operations 2 and 5 are done. */
function toy(options: SimulateOptions): Run {
  const draws = {
    nodes: options.nodes ?? 5,
    clients: options.clients ?? 4,
    durationMs: options.durationMs ?? 30_000,
    operations: options.operations ?? 200,
  }
  const plan = { nemesis: options.nemesis ?? nemesis, messageFaults: options.messageFaults ?? messageFaults }
  const crashes = plan.nemesis.some((each) => each.op === 'crash' && each.node === 'n1' && each.atMs > 300)
  const isLate = plan.messageFaults.some(({ link, n }) => link === 'n1>n2' && n === 7)
  const isDone = (n: number): boolean => n <= draws.operations && options.leftOut?.includes(n) !== true
  const fails = crashes && isLate && draws.nodes >= 2 && draws.clients >= 1 && [2, 5].every(isDone)
  // With too little of it, something else goes wrong, as in life.
  const other: Violation = { kind: 'liveness', name: 'lost-write', message: 'stuck', atMs: 1 }
  return {
    scenario: 'toy',
    seed: String(options.seed),
    violations: fails && draws.durationMs > 900 ? [other, lost] : [other],
    history: [],
    hash: JSON.stringify({ draws, plan }).length.toString(16).padStart(16, '0'),
    checkpoints: [],
    events: 1,
    simulatedMs: draws.durationMs,
    nodes: ['n1', 'n2', 'n3', 'n4', 'n5'],
    trace: [],
    coverage: NO_COVERAGE,
    draws,
    ...plan,
  }
}
const simulate = async (options: SimulateOptions): Promise<Run> => toy(options)
const run = toy({ scenario, seed: 7 })

test('what is left is what it takes, in round times, for the violation of the same kind and name', async (t) => {
  const repro = await shrink(run, scenario, { simulate, violation: lost })

  t.like(repro, {
    format: 1,
    scenario: 'toy',
    seed: '7',
    nodes: 2,
    clients: 1,
    operations: 5,
    leftOut: [1, 3, 4],
    mode: 'fifo',
  })
  t.deepEqual(repro.network, { kind: 'ordered', minLatencyMs: 1, meanLatencyMs: 1 })
  t.true(repro.durationMs > 900 && repro.durationMs < 1_000, `${repro.durationMs}`)
  t.deepEqual(repro.violation, lost)
  t.is(repro.nemesis.length, 1)
  t.like(repro.nemesis[0], { op: 'crash', node: 'n1' })
  t.is(repro.nemesis[0]!.atMs % 100, 0)
  t.deepEqual(repro.messageFaults, [{ link: 'n1>n2', n: 7, fault: 'delay', delayMs: 1_000 }])
  t.is(repro.hash, toy(simulateOptions(scenario, '7', repro)).hash)
})

test('faults go with the nodes and clients they are about, so that those can go', async (t) => {
  const plans: ShrinkProgress['plan'][] = []
  await shrink(run, scenario, { simulate, violation: lost, onProgress: ({ plan }) => plans.push(plan) })

  for (const plan of plans) {
    const text = JSON.stringify([plan.nemesis, plan.messageFaults])
    for (let node = plan.nodes + 1; node <= 5; node++) t.false(text.includes(`n${node}`), text)
    for (let client = plan.clients + 1; client <= 4; client++) t.false(text.includes(`c${client}`), text)
  }
})

test('the budget is real time: when it is spent, or somebody says stop, the best so far comes back', async (t) => {
  for (const limit of [0, 3, 40]) {
    let nowMs = 0
    let runs = 0
    const timed = async (options: SimulateOptions): Promise<Run> => {
      nowMs += 1_000
      runs++
      return toy(options)
    }
    const clock = { now: () => nowMs, wall: () => 0 }

    const repro = await shrink(run, scenario, { simulate: timed, violation: lost, budgetMs: limit * 1_000, clock })

    t.is(runs, limit)
    t.true(toy(simulateOptions(scenario, '7', repro)).violations.includes(lost))
  }
  const aborted = await shrink(run, scenario, { simulate, violation: lost, signal: AbortSignal.abort() })
  t.deepEqual(aborted.nemesis, nemesis)
})

test('progress says the step, and never gets worse', async (t) => {
  const seen: ShrinkProgress[] = []

  await shrink(run, scenario, { simulate, violation: lost, onProgress: (progress) => seen.push(progress) })

  t.deepEqual(
    [...new Set(seen.map(({ step }) => step))],
    ['again', 'horizon', 'nodes', 'clients', 'operations', 'nemesis', 'message faults', 'delays'],
  )
  for (const [i, { tried, kept, plan }] of seen.entries()) {
    t.is(tried, i + 1)
    if (i > 0) t.true(plan.nemesis.length <= seen[i - 1]!.plan.nemesis.length && kept >= seen[i - 1]!.kept)
  }
})

test('a run without violations is refused, and so is an option that is none', async (t) => {
  await t.throwsAsync(shrink({ ...run, violations: [] }, scenario), { instanceOf: RangeError, message: /seed 7/ })
  const options = { budgetMS: 1 }
  await t.throwsAsync(shrink(run, scenario, options as object), { message: /budgetMs/ })
})
