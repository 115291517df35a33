import test from 'ava'
import { sessions } from '../checkers/sessions.ts'
import { type Coverage, NO_COVERAGE } from '../simulation/coverage.ts'
import type { Run, SimulateOptions } from '../simulation/run.ts'
import type { Scenario } from '../simulation/scenario.ts'
import type { TraceEvent } from '../simulation/trace.ts'
import type { Violation } from '../simulation/violation.ts'
import { firstDifference } from './determinism.ts'
import { assertNoViolations, type ExploreOptions, explore, NothingTestedError } from './explore.ts'
import { Sweep } from './sweep.ts'

const toy: Scenario = { name: 'toy', nodes: 1, faults: false, start: () => {} }
const violation = (kind: Violation['kind'], name: string): Violation => ({ kind, name, message: 'oh', atMs: 5 })

/** Runs in which seeds violate what `faults` says, and all else is well. */
function stand(faults: Record<number, Violation[]> = {}, runs: (number | string)[] = []): ExploreOptions['simulate'] {
  return async ({ seed }: SimulateOptions) => {
    runs.push(seed)
    return outcome(String(seed), faults[Number(seed)] ?? [])
  }
}

function outcome(seed: string, violations: Violation[], trace: TraceEvent[] = [], hash = seed.padStart(16, '0')): Run {
  const draws = { nodes: 1, clients: 0, durationMs: 100, operations: 0 }
  const parts = {
    coverage: NO_COVERAGE,
    history: [],
    checkpoints: [],
    nemesis: [],
    messageFaults: [],
    nodes: ['n1'],
    draws,
  }
  return { scenario: 'toy', seed, violations, hash, events: 10, simulatedMs: 100, trace, ...parts }
}

test('every seed is run, one of twenty twice, and their events and times are summed up', async (t) => {
  const runs: (number | string)[] = []
  const progress: number[] = []
  let nowMs = 0
  const clock = { now: () => nowMs++, wall: () => 0 }

  const result = await explore(toy, {
    seeds: 40,
    from: 5,
    clock,
    simulate: stand({}, runs)!,
    onProgress: ({ seeds }) => progress.push(seeds),
  })

  t.like(result, { scenario: 'toy', seeds: 40, events: 400, simulatedMs: 4_000, failures: [], wallMs: 1 })
  t.is(runs.length, 42)
  t.is(new Set(runs).size, 40)
  t.deepEqual(
    progress,
    Array.from({ length: 40 }, (_, i) => i + 1),
  )
  t.notThrows(() => assertNoViolations(result))
})

test('a failure after n seeds is worth n more, and one of each class is shown', async (t) => {
  const faults = {
    4: [violation('safety', 'a')],
    6: [violation('safety', 'a')],
    8: [violation('safety', 'a'), violation('safety', 'b')],
    17: [violation('crash', 'a')],
    90: [violation('safety', 'z')],
  }
  const all = await explore(toy, { seeds: 100, stopAt: 'never', simulate: stand(faults)! })
  const some = await explore(toy, { seeds: 100, simulate: stand(faults)! })

  t.deepEqual(
    some.failures.map(({ seed, violation }) => `${seed} ${violation.kind} ${violation.name}`),
    ['4 safety a', '8 safety b', '17 crash a'],
  )
  t.is(some.seeds, 36)
  t.is(all.failures.length, 5)
  t.is(all.seeds, 100)
})

test('the result is the same in whatever order the seeds end', (t) => {
  const orders = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    [3, 2, 8, 1, 9, 0, 4, 7, 6, 5],
  ]
  const results = orders.map((order) => {
    const sweep = new Sweep(10, 'x', 'first-of-each-kind')
    for (const index of order) sweep.add(index, outcome(`x+${index}`, index >= 3 ? [violation('safety', 'a')] : []))
    return { ...sweep.progress, failures: sweep.failures, isDone: sweep.isDone, next: sweep.next()?.seed }
  })

  t.like(results[0], { seeds: 8, of: 8, violations: 5, isDone: true, next: 'x+0' })
  t.deepEqual(results[1], results[0])
  t.deepEqual(results[2], results[0])
})

test('the failure of an assertion has the seed, what is violated, and the line that replays it', async (t) => {
  const faults = { 3: [{ ...violation('safety', 'lost-write'), node: 'n2' }] }
  const number = await explore(toy, { seeds: 9, simulate: stand(faults)!, mode: 'fifo' })
  const text = await explore(toy, {
    seeds: 1,
    from: 'abc',
    simulate: async () => outcome('abc+0', [violation('crash', 'thrown')]),
  })

  t.throws(() => assertNoViolations(number), {
    code: 'VIOLATIONS_FOUND',
    message:
      /seed 3: safety violation lost-write at 5 ms on n2: oh\nreplay: await simulate\(\{ scenario: toy, seed: 3, mode: 'fifo' \}\)/,
  })
  t.throws(() => assertNoViolations(text), { message: /simulate\(\{ scenario: toy, seed: "abc\+0" \}\)/ })
})

test('a run that a seed does not decide is a violation that names the first event that differs', async (t) => {
  let runs = 0
  const simulate = async ({ record }: SimulateOptions): Promise<Run> => {
    runs++
    const events = [0, 1, 2].map((i): TraceEvent => {
      const kind = 'sent'
      return { atMs: i, node: 'n1', kind, peer: 'n2', n: i, text: i === 1 ? `put ${runs % 2}` : 'put' }
    })
    return outcome('0', [], record === true ? events : [], (runs % 2).toString(16).padStart(16, '0'))
  }

  const { failures } = await explore(toy, { seeds: 1, simulate })

  t.like(failures[0]!.violation, { kind: 'nondeterminism', name: 'trace', atMs: 1, node: 'n1' })
  t.regex(failures[0]!.violation.message, /"1 ms n1 sent n2 frame 1 put 1", and "1 ms n1 sent n2 frame 1 put 0"/)
  t.deepEqual((await explore(toy, { seeds: 1, simulate, recheckOneIn: 0 })).failures, [])
})

test('checkpoints are bisected to the first that differs', (t) => {
  for (let length = 0; length < 20; length++) {
    const same = Array.from({ length }, (_, i) => `${i}`)
    t.is(firstDifference(same, same), length)
    for (let at = 0; at < length; at++) {
      t.is(
        firstDifference(
          same,
          same.map((hash, i) => (i < at ? hash : `x${hash}`)),
        ),
        at,
      )
      t.is(firstDifference(same, same.slice(0, at)), at)
    }
  }
})

test('an exploration that has tested nothing fails its assertion, with the reason and a way out', async (t) => {
  const exploring = async (coverage: Partial<Coverage>, parts: Partial<Scenario>): Promise<unknown> => {
    const simulate = async (): Promise<Run> => ({ ...outcome('1', []), coverage: { ...NO_COVERAGE, ...coverage } })
    const exploration = await explore({ ...toy, ...parts }, { seeds: 2, recheckOneIn: 0, simulate })
    try {
      assertNoViolations(exploration)
    } catch (error) {
      if (error instanceof NothingTestedError) return error.message
      throw error
    }
    return exploration.caveats.map(({ name }) => name)
  }
  const checkers = [sessions()]
  const invariant = (): null => null

  t.is(
    await exploring({ info: 3, error: 'x is no function' }, { clients: 1, invariant }),
    'toy, 2 seeds: none of 6 operations of clients was answered, so nothing was tested; the first ended with: x is no function',
  )
  t.regex(String(await exploring({ info: 1 }, { clients: 1, invariant })), /they never ended/)
  t.regex(
    String(await exploring({}, { clients: 1, checkers })),
    /clients have recorded no operation: does client reach/,
  )
  t.regex(String(await exploring({}, { checkers })), /no history to check: give the scenario clients/)
  t.deepEqual(await exploring({ ok: 1, isLinked: true }, { clients: 1, checkers, nodes: 2 }), [])
  t.deepEqual(await exploring({ ok: 1 }, { clients: 1, checkers, nodes: { min: 1, max: 2 } }), ['unlinked'])
  t.deepEqual(await exploring({ ok: 1 }, { clients: 1, checkers, nodes: ['a'] }), [])
  t.deepEqual(await exploring({ ok: 1 }, { clients: 1 }), ['unjudged'])
  t.deepEqual(await exploring({}, { clients: 1, invariant }), ['unrecorded'])
  t.deepEqual(await exploring({ ok: 1, undecided: 'too long' }, { clients: 1, checkers }), ['undecided'])
  const crashing = async (parts: Partial<Scenario>): Promise<unknown> =>
    await exploring({ ok: 1, isLinked: true }, { checkers, clients: 1, ...parts })
  t.deepEqual(await crashing({ nodes: 2, faults: { kinds: ['crash'] } }), ['uncrashed'])
  t.deepEqual(await crashing({ nodes: 1, faults: {} }), ['uncrashed'])
  t.deepEqual(await crashing({ nodes: 2, faults: { kinds: ['pause'] } }), [])
  t.deepEqual(await crashing({ nodes: 2, faults: { maxDown: 1 } }), [])
  t.deepEqual(await crashing({ nodes: 3, faults: {} }), [])
})

test('a signal ends it with what is known, and unknown options are refused', async (t) => {
  const controller = new AbortController()
  const onProgress = ({ seeds }: { seeds: number }): void => (seeds === 3 ? controller.abort() : undefined)

  const result = await explore(toy, { seeds: 9, simulate: stand()!, signal: controller.signal, onProgress })

  t.is(result.seeds, 3)
  await t.throwsAsync(explore(toy, { seed: 3 } as object), { message: /did you mean "seeds"/ })
})
