import { type ActorSystem, AskError, createSystem, type Ref, ReplyError } from '@troupe/core'
import { type ManualRuntime, manualRuntime } from '@troupe/testkit'
import { type MemoryNetwork, memoryNetwork } from '@troupe/transport-memory'
import test from 'ava'
import fc from 'fast-check'
import { times } from '../../../../scripts/slow-suite.ts'
import {
  Asynchronous,
  appoint,
  PrimaryBackup,
  type Replica,
  type ReplicationStrategy,
  replica,
  type StateMachine,
  Synchronous,
} from './index.ts'

/** A list to append to: the state is its whole history, so that nothing lost or doubled can hide. */
class List implements StateMachine<string, number> {
  #items: string[] = []

  apply(item: string): number {
    if (item === '') throw new RangeError('nothing to append')
    return this.#items.push(item)
  }

  snapshot(): string[] {
    return [...this.#items]
  }

  restore(snapshot: unknown): void {
    this.#items = [...(snapshot as string[])]
  }
}

type ListRef = Ref<Replica<string, number>>

const strategies: readonly ReplicationStrategy[] = [new PrimaryBackup(), new Synchronous(), new Asynchronous()]

for (const strategy of strategies) {
  test(`${strategy.name}: the primary answers with the result, and every backup gets every write in order`, async (t) => {
    const group = await start(strategy)
    await group.appoint(1)

    for (const [i, item] of ['a', 'b', 'c'].entries()) t.is(await group.write(0, item), i + 1)
    await group.advance(1000)

    for (const i of [0, 1, 2]) t.deepEqual(await group.read(i), ['a', 'b', 'c'])
  })
}

test('synchronous: what is acknowledged, every replica of the view has', async (t) => {
  const group = await start(new Synchronous())
  await group.appoint(1)

  await group.write(0, 'a')

  t.is(new Synchronous().guarantee.acknowledged, 'Every replica of the view has it in memory.')
  for (const i of [0, 1, 2]) t.deepEqual(await group.read(i), ['a'])
})

test('synchronous: an acknowledged write survives the loss of all replicas but one', async (t) => {
  const group = await start(new Synchronous())
  await group.appoint(1)
  await group.write(0, 'a')

  group.lose(0)
  group.lose(1)
  await group.appoint(2)

  t.is(new Synchronous().guarantee.losesWhen, 'All replicas are lost.')
  t.deepEqual(await group.read(2), ['a'])
})

test('synchronous: with a backup cut off a write is not acknowledged; it may show later, as the error says', async (t) => {
  const group = await start(new Synchronous(), { timeoutMs: 500 })
  await group.appoint(1)
  group.cut(0, 2)

  const refusal = await group.refusal(group.ask(0, 'a'), 600)

  t.is(refusal?.causeCode, 'NOT_REPLICATED')
  t.regex(String(refusal?.message), /2 of 2 backups must have a write.*may show later/)
  t.deepEqual(await group.read(0), [], 'not acknowledged, not shown by the primary')
  group.restore(0, 2)
  await group.advance(20_000)
  t.deepEqual(await group.read(2), ['a'])
})

test('primary-backup: an acknowledged write survives the loss of the primary; one backup may be away', async (t) => {
  const group = await start(new PrimaryBackup())
  await group.appoint(1)
  group.cut(0, 1)
  await group.write(0, 'a')

  group.lose(0)
  const appointed = await group.appoint(2)

  t.is(new PrimaryBackup().guarantee.acknowledged, 'The primary and one backup have it in memory.')
  t.is(appointed, 2, 'the backup that has it is further, so it is the one appointed')
  await group.advance(1000)
  t.deepEqual(await group.read(1), ['a'])
})

test('primary-backup: an acknowledged write is lost when a backup is appointed that had it not', async (t) => {
  const group = await start(new PrimaryBackup())
  await group.appoint(1)
  group.cut(0, 1)
  await group.write(0, 'a')

  group.lose(0)
  group.lose(2)
  await group.appoint(2)

  t.regex(new PrimaryBackup().guarantee.losesWhen, /a backup is appointed that had it not/)
  t.deepEqual(await group.read(1), [])
})

test('primary-backup: with fewer backups than must have a write it is refused, and nothing is done', async (t) => {
  const group = await start(new PrimaryBackup({ acks: 3 }))
  await group.appoint(1)

  const refusal = await group.refusal(group.ask(0, 'a'), 10)

  t.is(refusal?.causeCode, 'NOT_REPLICATED')
  t.regex(String(refusal?.message), /3 of 2 backups.*nothing was done/)
  t.deepEqual(await group.read(0), [])
})

test('asynchronous: an acknowledged write is lost when the primary is lost before it has sent it on', async (t) => {
  const group = await start(new Asynchronous())
  await group.appoint(1)
  group.cut(0, 1)
  group.cut(0, 2)

  t.is(await group.write(0, 'a'), 1)
  group.lose(0)
  await group.appoint(2)

  t.is(new Asynchronous().guarantee.losesWhen, 'The primary is lost before it has sent the write on.')
  t.deepEqual(await group.read(1), [])
})

test('a backup refuses writes, and a primary that was replaced is refused by its old backups', async (t) => {
  const group = await start(new PrimaryBackup(), { timeoutMs: 500 })
  await group.appoint(1)
  t.is((await group.refusal(group.ask(1, 'a'), 10))?.causeCode, 'NOT_PRIMARY')

  await group.appoint(2, [1, 2])
  const refusal = await group.refusal(group.ask(0, 'late'), 600)

  t.is(refusal?.causeCode, 'NOT_REPLICATED', 'its backups obey the newer epoch')
  t.is((await group.refusal(group.ask(0, 'later'), 10))?.causeCode, 'NOT_PRIMARY', 'it has stepped down')
})

test('what an old primary had on its own is gone when it follows the new one, by snapshot', async (t) => {
  const group = await start(new Asynchronous())
  await group.appoint(1)
  await group.write(0, 'both')
  await group.advance(100)
  group.cut(0, 1)
  group.cut(0, 2)
  await group.write(0, 'only the old one')

  await group.appoint(2, [1, 2])
  await group.write(1, 'new')
  group.restore(0, 1)
  group.restore(0, 2)
  await group.advance(20_000)
  await group.appoint(3)
  await group.advance(1000)

  for (const i of [0, 1, 2]) t.deepEqual(await group.read(i), ['both', 'new'])
})

test('a backup further behind than the log reaches gets a snapshot and then the rest', async (t) => {
  const group = await start(new PrimaryBackup(), { logLimit: 4 })
  await group.appoint(1)
  group.cut(0, 2)
  const items = Array.from({ length: 30 }, (_, i) => `item ${i}`)
  for (const item of items) await group.write(0, item)

  group.restore(0, 2)
  await group.advance(20_000)
  await group.write(0, 'last')
  await group.advance(1000)

  t.deepEqual(await group.read(2), [...items, 'last'])
})

test('a primary keeps what no backup has yet, however much more than its log is to hold', async (t) => {
  const group = await start(new PrimaryBackup(), { timeoutMs: 100, logLimit: 4 })
  await group.appoint(1)
  group.cut(0, 1)
  group.cut(0, 2)
  const items = Array.from({ length: 20 }, (_, i) => `${i}`)
  for (const item of items) t.is((await group.refusal(group.ask(0, item), 200))?.causeCode, 'NOT_REPLICATED')

  group.restore(0, 1)
  group.restore(0, 2)
  await group.advance(20_000)

  t.is(await group.write(0, 'z'), 21)
  await group.advance(1000)
  for (const i of [0, 1, 2]) t.deepEqual(await group.read(i), [...items, 'z'])
})

test('what a primary was to try again is nothing to the one it becomes in the next epoch, with fewer backups', async (t) => {
  const group = await start(new PrimaryBackup(), { timeoutMs: 100 })
  await group.appoint(1)
  group.cut(0, 2)
  t.is(await group.write(0, 'a'), 1)
  // By then the backup that was cut off has not answered, and is to be tried again.
  await group.advance(60)
  await group.appoint(2, [0, 1])

  t.is(await group.write(0, 'b'), 2)
  await group.advance(1000)
  t.deepEqual(await group.read(0), ['a', 'b'])
})

test('an operation that fails is answered with its error, and is the same nothing everywhere', async (t) => {
  const group = await start(new Synchronous())
  await group.appoint(1)
  await group.write(0, 'a')

  const refusal = await group.refusal(group.ask(0, ''), 10)
  await group.write(0, 'b')

  t.is(refusal?.causeName, 'RangeError')
  for (const i of [0, 1, 2]) t.deepEqual(await group.read(i), ['a', 'b'])
})

test('a replica is appointed once for each epoch, and never for one that is over', async (t) => {
  const group = await start(new PrimaryBackup())
  await group.appoint(2)

  await t.throwsAsync(group.appoint(2), { code: 'NOT_APPOINTED' })
  await t.throwsAsync(group.appoint(1), { code: 'NOT_APPOINTED' })
})

test('synchronous: whatever is cut and replaced, no acknowledged write is lost and none is doubled', async (t) => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constant('write' as const) },
    fc.constantFrom('cut' as const, 'heal' as const, 'appoint' as const),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, fc.nat(2), fc.nat(2)), { maxLength: 25 }), async (steps) => {
      const group = await start(new Synchronous(), { timeoutMs: 100 })
      let epoch = 1
      let leader = await group.appoint(epoch)
      const acknowledged: string[] = []
      for (const [i, [what, a, b]] of steps.entries()) {
        if (what === 'cut' && a !== b) group.cut(a, b)
        if (what === 'heal') group.restoreAll()
        if (what === 'appoint') {
          group.restoreAll()
          await group.advance(20_000)
          leader = await group.appoint(++epoch)
        }
        if (what !== 'write') continue
        const done = await group.outcome(group.ask(leader, `${i}`), 150)
        if (done) acknowledged.push(`${i}`)
      }
      group.restoreAll()
      await group.advance(20_000)
      await group.appoint(++epoch)
      await group.advance(2000)

      const lists = [await group.read(0), await group.read(1), await group.read(2)]
      t.deepEqual(lists[1], lists[0])
      t.deepEqual(lists[2], lists[0])
      t.is(new Set(lists[0]).size, lists[0]!.length, 'nothing twice')
      t.deepEqual(
        lists[0]!.filter((item) => acknowledged.includes(item)),
        acknowledged,
        'every acknowledged write, in order',
      )
    }),
    { numRuns: times(8, 40) },
  )
})

interface Group {
  appoint(epoch: number, among?: readonly number[]): Promise<number>
  ask(i: number, item: string): Promise<number>
  write(i: number, item: string): Promise<number>
  read(i: number): Promise<readonly string[]>
  refusal(ask: Promise<number>, afterMs: number): Promise<ReplyError | null>
  /** Whether it was acknowledged within the time. */
  outcome(ask: Promise<number>, afterMs: number): Promise<boolean>
  lose(i: number): void
  cut(a: number, b: number): void
  restore(a: number, b: number): void
  restoreAll(): void
  advance(ms: number): Promise<void>
}

/** Three replicas on a node each, and a client on a fourth; all on one time that stands still. */
async function start(
  strategy: ReplicationStrategy,
  options: { timeoutMs?: number; logLimit?: number } = {},
): Promise<Group> {
  const runtime = manualRuntime()
  const network = memoryNetwork()
  const node = (name: string, seeds: string[]): Promise<ActorSystem> =>
    createSystem({
      name,
      runtime,
      seeds,
      log: false,
      disconnectGraceMs: 1e9,
      transport: network.transport(`memory://${name}`),
    })
  const client = await node('client', [])
  const nodes: ActorSystem[] = []
  for (const name of ['r0', 'r1', 'r2']) nodes.push(await node(name, [client.address, ...nodes.map((n) => n.address)]))
  await runtime.advance(20)
  return group(runtime, network, client, nodes, strategy, options)
}

async function group(
  runtime: ManualRuntime,
  network: MemoryNetwork,
  client: ActorSystem,
  nodes: readonly ActorSystem[],
  strategy: ReplicationStrategy,
  options: { timeoutMs?: number; logLimit?: number },
): Promise<Group> {
  const local: ListRef[] = nodes.map((node) => node.spawn(replica(strategy, () => new List(), options)))
  // The client's way to the replicas: refs that have travelled.
  const token = { id: 'list' }
  for (const [i, node] of nodes.entries()) node.register<Replica<string, number>>(token, local[i]!)
  await runtime.advance(20)
  const refs = local.map((ref) => client.findAll<Replica<string, number>>(token).find(({ id }) => id === ref.id)!)
  const run = async <T>(work: Promise<T>, withinMs = 50): Promise<T> => {
    work.catch(() => {})
    await runtime.advance(withinMs)
    return work
  }
  const cuts = new Set<string>()
  return {
    appoint: async (epoch, among = [0, 1, 2]) => {
      const work = appoint(
        among.map((i) => refs[i]!),
        epoch,
        { timeoutMs: 200 },
      )
      const { primary } = await run(work, 500)
      return refs.indexOf(primary)
    },
    ask: (i, item) => refs[i]!.ask('write', item),
    write: (i, item) => run(refs[i]!.ask('write', item)),
    read: async (i) => (await run(local[i]!.ask('read'))) as readonly string[],
    refusal: (ask, afterMs) =>
      run(
        ask.then(
          () => null,
          (error) => (error instanceof AskError && error.cause instanceof ReplyError ? error.cause : null),
        ),
        afterMs,
      ),
    outcome: (ask, afterMs) =>
      run(
        ask.then(
          () => true,
          () => false,
        ),
        afterMs,
      ).catch(() => false),
    lose: (i) => network.sever(nodes[i]!.address),
    cut: (a, b) => {
      cuts.add(`${a} ${b}`)
      network.cut(nodes[a]!.address, nodes[b]!.address)
    },
    restore: (a, b) => network.restore(nodes[a]!.address, nodes[b]!.address),
    restoreAll: () => {
      for (const cut of cuts) {
        const [a, b] = cut.split(' ')
        network.restore(nodes[Number(a)]!.address, nodes[Number(b)]!.address)
      }
      cuts.clear()
    },
    advance: (ms) => runtime.advance(ms),
  }
}
