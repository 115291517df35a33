import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { isMainThread } from 'node:worker_threads'
import { actor, InvalidOptionError, protocol, UnknownOptionError } from '@troupe/core'
import test from 'ava'
import { slowTest } from '../../../../scripts/slow-suite.ts'
import { registerModel } from '../checkers/models/register.ts'
import { counting } from '../testing/counting.ts'
import { bookkeeping } from '../testing/ledger.ts'
import type { Run, SimulateOptions } from './run.ts'
import { type Scenario, scenario } from './scenario.ts'
import { simulate } from './simulate.ts'
import type { Violation } from './violation.ts'

const SEEDS = [1, 2, 3, 4, 5]

function counted(seed: number, options: Partial<SimulateOptions> = {}): Promise<Run> {
  return simulate({ scenario: counting, seed, ...options })
}

async function hashes(): Promise<string[]> {
  const found: string[] = []
  for (const seed of SEEDS) found.push((await counted(seed)).hash)
  return found
}

/** One node that does what it is told, for a second. */
function alone(parts: Partial<Scenario>): Scenario {
  return { name: 'alone', nodes: 1, durationMs: 1_000, faults: false, start: () => {}, ...parts }
}

async function violationOf(parts: Partial<Scenario>): Promise<unknown> {
  const { violations } = await simulate({ scenario: alone(parts), seed: 1 })
  return violations[0]
}

function messageOf(violation: unknown): string {
  return (violation as Violation | undefined)?.message ?? ''
}

test('a cluster works on while nodes crash and links break, and has converged when all is healed', async (t) => {
  const runs: Run[] = []
  for (const seed of SEEDS) runs.push(await counted(seed))

  const acknowledged = runs.map(({ history }) => history.filter(({ type }) => type === 'ok').length)
  const faults = new Set(runs.flatMap(({ nemesis }) => nemesis.map(({ op }) => op)))
  t.deepEqual(
    runs.flatMap(({ violations }) => violations),
    [],
  )
  t.true(Math.min(...acknowledged) > 10, acknowledged.join())
  t.true(faults.size > 5, [...faults].join())
})

test('what a node has synced outlives crashes and disks that fail; what it has not is lost by some, and found out', async (t) => {
  const found = async (syncs: boolean): Promise<string[]> => {
    const names: string[] = []
    for (let seed = 1; seed <= 15; seed++) {
      const { violations } = await simulate({ scenario: bookkeeping(syncs), seed })
      names.push(...violations.map(({ name }) => name))
    }
    return names
  }

  t.deepEqual(await found(true), [])
  t.deepEqual([...new Set(await found(false))], ['ledger'])
})

test('one seed gives one run, again and again, and another seed gives another', async (t) => {
  const first = await hashes()

  t.deepEqual(await hashes(), first)
  t.is(new Set(first).size, SEEDS.length)
})

slowTest('a run in a fresh process, outside of any worker thread, is the same as here', async (t) => {
  const here = await hashes()
  const runTypescript = new URL('../../../../scripts/run-typescript.mjs', import.meta.url)
  const { nodeOptions } = (await import(runTypescript.href)) as { readonly nodeOptions: readonly string[] }
  const file = fileURLToPath(new URL('../testing/print-hashes.ts', import.meta.url))

  const { stdout } = await promisify(execFile)(process.execPath, [...nodeOptions, file, ...SEEDS.map(String)])

  t.is(stdout.trim(), here.join('\n'))
  t.is(isMainThread, process.env.AVA_PROCESSES === '1')
})

test('runs that are begun at one time do not touch each other', async (t) => {
  const together = await Promise.all(SEEDS.map((seed) => counted(seed)))

  t.deepEqual(
    together.map(({ hash }) => hash),
    await hashes(),
  )
})

test('what happened to a cluster and to frames is data: the lists replay the run without drawing any of it', async (t) => {
  const network = { minLatencyMs: 1, resetPerMillion: 20_000 }
  for (const seed of [...SEEDS, 6, 7, 8]) {
    const run = await simulate({ scenario: { ...counting, network }, seed })
    const { nemesis, messageFaults } = JSON.parse(JSON.stringify(run)) as Run

    const again = await simulate({ scenario: { ...counting, network }, seed, nemesis, messageFaults })

    t.true(run.messageFaults.length > 0)
    t.is(again.hash, run.hash)
  }
})

test('a list without one of its faults leaves the others as they were', async (t) => {
  const run = await counted(2)
  const nemesis = run.nemesis.filter((_, i) => i !== 1)

  const fewer = await counted(2, { nemesis })

  t.deepEqual(fewer.nemesis, nemesis)
  t.not(fewer.hash, run.hash)
})

test('a run can be made smaller: fewer nodes, clients and operations, and an earlier end', async (t) => {
  const run = await counted(3, { nodes: 2, clients: 1, operations: 4, durationMs: 3_000 })

  t.deepEqual(run.draws, { nodes: 2, clients: 1, durationMs: 3_000, operations: 6 }, 'two of them are final ones')
  t.deepEqual(run.nodes, ['n1', 'n2'])
  t.deepEqual(run.violations, [])
})

test('the seed may choose the number of nodes, and names may be given', async (t) => {
  const sizes = new Set<number>()
  for (const seed of SEEDS) {
    sizes.add((await simulate({ scenario: alone({ nodes: { min: 2, max: 4 } }), seed })).nodes.length)
  }
  const named = await simulate({ scenario: alone({ nodes: ['oslo', 'rome'] }), seed: 'deadbeef' })

  t.true(sizes.size > 1 && [...sizes].every((size) => size >= 2 && size <= 4), [...sizes].join())
  t.deepEqual([named.nodes, named.seed], [['oslo', 'rome'], 'deadbeef'])
})

test('a text of digits is the same seed as the number, and any other text is one too', async (t) => {
  const [number, digits, text] = [
    await counted(7),
    await counted(7, { seed: '7' }),
    await counted(7, { seed: 'seven' }),
  ]

  t.is(digits.hash, number.hash)
  t.not(text.hash, number.hash)
})

test('in fifo mode what is due at one instant happens in the order in which it became due', async (t) => {
  const order: number[] = []
  const start: Scenario['start'] = ({ runtime }) => {
    for (let i = 0; i < 8; i++) runtime.scheduler.after(5, () => order.push(i))
  }

  await simulate({ scenario: alone({ start }), seed: 1, mode: 'fifo' })
  const inOrder = order.splice(0)
  await simulate({ scenario: alone({ start }), seed: 1 })

  t.deepEqual(inOrder, [0, 1, 2, 3, 4, 5, 6, 7])
  t.notDeepEqual(order, inOrder)
  t.deepEqual(
    order.toSorted((a, b) => a - b),
    inOrder,
  )
})

test('a record has all that happened; without one there is the hash alone', async (t) => {
  const [recorded, bare] = [await counted(1, { record: true }), await counted(1)]

  const kinds = new Set(recorded.trace.map(({ kind }) => kind))
  t.is(recorded.hash, bare.hash)
  t.deepEqual(bare.trace, [])
  for (const kind of ['started', 'dialled', 'linked', 'sent', 'received', 'invoke', 'ok', 'nemesis'] as const)
    t.true(kinds.has(kind), kind)
  t.is(bare.checkpoints.length, Math.floor(bare.events / 1_024))
})

test('the hash depends on each value that a client gave or got, each reason, and each byte on a disk', async (t) => {
  const self: unknown[] = []
  self.push(self)
  const hashOf = async (value: unknown, reason: string, byte: number): Promise<string> => {
    const start: Scenario['start'] = async ({ disk }) => (await disk.open('file')).append(Uint8Array.of(byte))
    const settle: Scenario['settle'] = async (cluster) => {
      await cluster.operation('get', {}, async () => value)
      await cluster.operation('put', {}, () => Promise.reject(new Error(reason)))
    }
    return (await simulate({ scenario: alone({ start, settle }), seed: 1 })).hash
  }
  const values = [1, 2, '1', null, 1n, [1], [[1]], { a: 1 }, { a: 2 }, { b: 1 }, new Set([1]), new Map([[1, 1]]), self]
  const hashes = [await hashOf(1, 'no', 2), await hashOf(1, 'yes', 1)]
  for (const value of [...values, Uint8Array.of(1), Uint8Array.of(2)]) hashes.push(await hashOf(value, 'no', 1))

  t.is(new Set(hashes).size, hashes.length)
  t.is(await hashOf({ a: 2 }, 'no', 1), await hashOf({ a: 2 }, 'no', 1))
})

test('whatever an operation fails with, its end has a reason: without one it would be an answer', async (t) => {
  const client: Scenario['client'] = async (each) => {
    await each.operation('get', { read: true }, () => Promise.reject(new Error('')))
    await each.operation('get', { read: true }, () => Promise.reject(''))
  }
  const { history } = await simulate({ scenario: alone({ clients: 1, client }), seed: 1 })

  const reasons = new Set(history.filter(({ type }) => type === 'fail').map(({ error }) => error))
  t.deepEqual([...reasons], ['Error', 'rejected'])
})

test('what breaks an invariant is a safety violation, and ends the run', async (t) => {
  const run = await simulate({
    scenario: alone({ invariant: ({ nowMs }) => (nowMs > 500 ? 'time has passed' : null) }),
    seed: 1,
  })

  t.deepEqual(run.violations, [{ kind: 'safety', name: 'invariant', message: 'time has passed', atMs: 600 }])
  t.is(run.simulatedMs, 600)
})

test('a cluster that never converges, and final work that fails or never ends, are liveness violations', async (t) => {
  t.like(await violationOf({ converged: () => false, convergeMs: 2_000 }), {
    kind: 'liveness',
    name: 'not-converged',
    message: 'converged has not come true within 2000 ms of the end of all faults',
    atMs: 3_000,
  })
  const failed = await violationOf({ settle: () => Promise.reject(new Error('no answer')) })
  t.like(failed, { kind: 'liveness', name: 'not-settled' })
  t.regex(messageOf(failed), /^settle failed: Error: no answer\n {4}at .*simulate\.test\.ts/)
  t.regex(
    messageOf(
      await violationOf({
        converged: () => {
          throw new Error('oops')
        },
      }),
    ),
    /^converged failed: Error: oops\n/,
  )
  const starting = await violationOf({ nodes: 2, start: ({ name }) => (name === 'n2' ? new Promise(() => {}) : null) })
  t.regex(messageOf(starting), /^start has not ended on n2 within /)
  t.like(await violationOf({ settle: () => new Promise(() => {}) }), { kind: 'liveness', name: 'not-settled' })
})

test('a checker that throws, and an invariant that gives no text, are crashes of their seed', async (t) => {
  const check = (): never => {
    throw new RangeError('oops')
  }
  const thrown = await violationOf({ checkers: [{ name: 'mine', check }] })
  t.like(thrown, { kind: 'crash', name: 'checker mine threw' })
  t.regex(messageOf(thrown), /^RangeError: oops\n {4}at .*simulate\.test\.ts/)

  const odd = await violationOf({ invariant: () => true as never })
  t.like(odd, { kind: 'crash', name: 'invariant: no text' })
  t.regex(messageOf(odd), /gave true: it must give null/)
})

test('a run says what clients got, and whether two nodes were connected', async (t) => {
  const { coverage } = await counted(1)
  t.true(coverage.ok > 10 && coverage.isLinked)

  const parts: Partial<Scenario> = {
    clients: 1,
    async client(client) {
      await client.operation('try', {}, () => Promise.reject(new Error('no luck')))
    },
  }
  const alike = await simulate({ scenario: alone({ ...parts, nodes: 2 }), seed: 1 })
  const message = 'too long'
  const checkers = [{ name: 'slow', check: () => ({ verdict: 'unknown', message }) as const }]
  t.is((await simulate({ scenario: alone({ checkers }), seed: 1 })).coverage.undecided, 'slow: too long')
  t.like(alike.coverage, { ok: 0, fail: 0, error: 'no luck', isLinked: false })
  t.true(alike.coverage.info > 0)
})

test('of faults that only a majority outlives, the seed chooses which', async (t) => {
  const cores = new Set<string>()
  for (const seed of SEEDS) {
    let core: string[] = []
    const converged: Scenario['converged'] = ({ nodes }) => {
      core = [...nodes.keys()]
      return core.length === 3
    }
    const { violations } = await simulate({ scenario: alone({ nodes: 5, heals: 'majority', converged }), seed })
    t.deepEqual(violations, [])
    cores.add(core.join())
  }

  t.true(cores.size > 1, [...cores].join(' '))
})

test('what a checker calls illegal is a safety violation with the conflict; what it cannot say is none', async (t) => {
  const conflict = [{ process: 1, type: 'invoke', f: 'read' }] as const
  const checker = (verdict: 'illegal' | 'unknown') => ({
    name: 'register',
    check: () => ({ verdict, message: 'cannot be', conflict }),
  })

  t.like(await violationOf({ checkers: [checker('illegal')] }), {
    kind: 'safety',
    name: 'register',
    message: 'cannot be',
    conflict,
  })
  t.is(await violationOf({ checkers: [checker('unknown')] }), undefined)
  const { coverage } = await simulate({ scenario: alone({ checkers: [checker('unknown')] }), seed: 1 })
  t.is(coverage.undecided, 'register: cannot be')
})

test('what code throws or rejects and nobody catches is a crash violation that names the node', async (t) => {
  const oops = (): never => {
    throw new RangeError('oops')
  }
  const cases: Record<string, (node: Parameters<Scenario['start']>[0]) => unknown> = {
    'start: RangeError in oops (simulate.test.ts)': oops,
    'uncaught-exception: RangeError in oops (simulate.test.ts)': ({ runtime }) => runtime.scheduler.after(5, oops),
    'unhandled-rejection: RangeError in later (simulate.test.ts)': ({ runtime }) =>
      runtime.scheduler.after(5, function later() {
        void Promise.reject(new RangeError('oops'))
      }),
  }
  for (const [name, start] of Object.entries(cases)) {
    const violation = await violationOf({ start })
    t.like(violation, { kind: 'crash', name, node: 'n1' })
    t.regex((violation as { readonly message: string }).message, /oops[^]*simulate\.test\.ts/)
  }
})

test('what a cluster in trouble answers is no violation of its client, and anything else is', async (t) => {
  const Absent = protocol<{ ask: () => void }>('absent')
  const calls: string[] = []
  const violation = await violationOf({
    clients: 1,
    async client({ system }) {
      calls.push('find')
      await system.find(Absent, { timeoutMs: 10 })
    },
  })
  t.is(violation, undefined)
  t.true(calls.length > 1)

  t.like(await violationOf({ clients: 1, client: () => Promise.reject(new RangeError('oops')) }), {
    kind: 'crash',
    name: 'client: RangeError in client (simulate.test.ts)',
    node: 'c1',
  })
  const thrown = await violationOf({ clients: 1, client: () => Promise.reject(new RangeError('oops')) })
  t.regex(messageOf(thrown), /oops[^]*a client may reject with an AskError/)
})

test('turns that follow one another at one instant for ever are a violation, and so are messages within one turn', async (t) => {
  t.like(
    await violationOf({
      start({ runtime: { scheduler } }) {
        const again = (): void => scheduler.yield(again)
        again()
      },
    }),
    { kind: 'crash', name: 'livelock', node: 'n1' },
  )
  t.like(
    await violationOf({
      start({ runtime: { clock } }) {
        const startMs = clock.now()
        while (clock.now() < startMs + 1) {}
      },
    }),
    { kind: 'crash', name: 'livelock', node: 'n1' },
  )
})

test('a turn that does not end, in a loop or in promises that wake one another, is cut off: the same run each time', async (t) => {
  const Loop = protocol<{ sync: () => void; async: () => Promise<void> }>('loop')
  for (const how of ['sync', 'async'] as const) {
    const hanging = alone({
      durationMs: 1_000,
      async start(node) {
        const system = await node.createSystem()
        const loop = actor(Loop, () => ({
          sync: () => {
            for (;;);
          },
          async: async () => {
            for (;;) await null
          },
        }))
        const ref = system.spawn(loop)
        node.runtime.scheduler.after(500, () => ref.tell(how))
      },
    })

    const run = await simulate({ scenario: hanging, seed: 1, turnLimitMs: 60 })
    const again = await simulate({ scenario: hanging, seed: 1, turnLimitMs: 20 })

    t.like(run.violations[0], { kind: 'crash', name: 'livelock', node: 'n1' })
    t.regex(run.violations[0]!.message, /has not ended within 60 ms of real time/)
    t.deepEqual([again.hash, again.events, again.simulatedMs], [run.hash, run.events, run.simulatedMs])
  }
})

test('an invariant may name the events that show what is wrong, for whoever draws the run', async (t) => {
  const told = alone({
    clients: 1,
    thinkMs: 5,
    client: async (client) => void (await client.operation('count', { value: client.unique() }, async () => {})),
    invariant({ history }) {
      const conflict = history.filter(({ value }) => value === 3)
      return conflict.length === 0 ? null : { message: 'there is a third', conflict }
    },
  })

  const [violation] = (await simulate({ scenario: told, seed: 1 })).violations

  t.like(violation, { kind: 'safety', name: 'invariant', message: 'there is a third' })
  t.is(violation!.conflict![0]!.type, 'invoke')
})

test('operations that are left out are neither done nor recorded, and all others are as before', async (t) => {
  const done: number[] = []
  const counted = alone({
    clients: 2,
    thinkMs: 20,
    durationMs: 500,
    async client(client) {
      const value = client.unique()
      const answer = await client.operation('count', { value }, async () => done.push(value))
      if (answer === undefined) await client.operation('again', { value }, async () => {})
    },
  })
  const values = async (leftOut: readonly number[]): Promise<readonly unknown[]> => {
    const { history } = await simulate({ scenario: counted, seed: 3, leftOut, operations: 12 })
    return history.flatMap(({ type, f, value }) => (type === 'invoke' && f === 'count' ? [value] : []))
  }

  const all = await values([])
  done.length = 0
  const some = await values([1, 4])

  t.is(all.length, 12)
  t.deepEqual(some, done)
  // What is asked again takes the number 2.
  t.deepEqual(some.slice(0, 3), [2, 4, 5])
})

test('a call of what no seed decides is a violation that names its place, unless it is allowed', async (t) => {
  const reading = alone({ start: ({ runtime }) => runtime.scheduler.after(5, () => void Date.now()) })

  const { violations } = await simulate({ scenario: reading, seed: 1 })
  const allowed = await simulate({ scenario: reading, seed: 1, trap: false })

  t.like(violations[0], { kind: 'nondeterminism', name: 'ambient: Date.now()', node: 'n1' })
  t.regex(violations[0]!.message, /simulation\/simulate\.test\.ts:\d+:\d+/)
  t.deepEqual(allowed.violations, [])
})

test('options are checked at the door', async (t) => {
  await t.throwsAsync(simulate({ scenario: alone({}), seed: 1, nemesys: [] } as never), {
    instanceOf: UnknownOptionError,
    message: /did you mean "nemesis"/,
  })
  await t.throwsAsync(
    simulate({ scenario: alone({}), seed: 1, nemesis: [{ atMs: 1, op: 'advance', node: 'n1' }] as never }),
    {
      instanceOf: InvalidOptionError,
      message: /"nemesis"/,
    },
  )
  await t.throwsAsync(simulate({ scenario: alone({}), seed: -1 }), { instanceOf: InvalidOptionError })
  await t.throwsAsync(simulate({ scenario: alone({}) } as never), { instanceOf: InvalidOptionError, message: /"seed"/ })
  t.throws(() => scenario(alone({ nodes: { min: 3, max: 1 } })), { instanceOf: InvalidOptionError })
  t.throws(() => scenario(alone({ nodes: ['a', 'a'] })), { instanceOf: InvalidOptionError })
  t.throws(() => scenario(alone({ clients: 1 })), { instanceOf: InvalidOptionError, message: /"client"/ })
  t.throws(() => scenario(alone({ faults: { kinds: ['quake'] } } as never)), { message: /crash, wipe/ })
  t.throws(() => scenario(alone({ faults: { kinds: ['quake'] } } as never)), { message: /and not "quake"/ })
  t.throws(() => scenario(alone({ client: async () => {} })), {
    message: /"clients" must be given, as there is a client/,
  })
  t.throws(() => scenario(alone({ checkers: [registerModel()] } as never)), { message: /linearizable\(registerModel/ })
  t.throws(() => scenario({ name: 'nobody' } as never), { instanceOf: InvalidOptionError, message: /"start"/ })
})
