import {
  type Actor,
  actor,
  createSystem,
  InvalidOptionError,
  type Random,
  type Ref,
  UnknownOptionError,
} from '@troupe/core'
import {
  checkLinearizable,
  type HistoryEvent,
  type ManualRuntime,
  manualRuntime,
  registerModel,
  within,
} from '@troupe/testkit'
import test from 'ava'
import { times } from '../../../../scripts/slow-suite.ts'
import {
  NoMajorityError,
  QuorumRegister,
  quorumRegister,
  type RegisterEntry,
  type RegisterReplica,
  registerReplica,
} from './index.ts'

test('a write is read back by every client, a delete too, and keys lists what is left', async (t) => {
  const { runtime, replicas, client } = await cluster(3)
  const [a, b] = [client('a'), client('b')]

  await within(runtime, a.write('/x/1', 'one'))
  await within(runtime, b.write('/x/2', { size: 2 }))
  await within(runtime, b.write('/y', 3))
  await within(runtime, a.delete('/y'))

  t.is(await within(runtime, b.read('/x/1')), 'one')
  t.deepEqual(await within(runtime, a.read('/x/2')), { size: 2 })
  t.is(await within(runtime, b.read('/y')), undefined)
  t.deepEqual(await within(runtime, a.keys()), ['/x/1', '/x/2'])
  t.deepEqual(await within(runtime, a.keys('/y')), [])
  t.is(replicas.length, 3)
})

test('a write acknowledged by a majority survives the crash of any minority', async (t) => {
  for (const lost of [0, 1, 2]) {
    const { runtime, system, replicas, client } = await cluster(3)
    await within(runtime, client('a').write('k', 1))

    await within(runtime, system.stop(replicas[lost]!))

    t.is(await within(runtime, client('b').read('k')), 1)
    await within(runtime, client('b').write('k', 2))
    t.is(await within(runtime, client('c').read('k')), 2)
  }
})

test('without a majority every operation fails with NO_MAJORITY, and says what became of the write', async (t) => {
  const { runtime, system, replicas, client } = await cluster(3)
  await within(runtime, system.stop(replicas[0]!))
  await within(runtime, system.stop(replicas[1]!))

  const error = await t.throwsAsync(within(runtime, client('a').write('k', 1)), { instanceOf: NoMajorityError })

  t.like(error, { code: 'NO_MAJORITY', outcome: 'not-sent', unavailable: 2, needed: 2 })
  await t.throwsAsync(within(runtime, client('a').read('k')), { instanceOf: NoMajorityError })
  await t.throwsAsync(within(runtime, client('a').keys()), { instanceOf: NoMajorityError })
})

test('a replica acknowledges when its storage has the entry, refuses when the storage does, and loads it again', async (t) => {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'test', runtime, log: false })
  const disk = new Map<string, RegisterEntry>()
  let full = false
  const storage = {
    load: () => Promise.resolve([...disk]),
    save: (key: string, entry: RegisterEntry) =>
      full ? Promise.reject(new Error('disk full')) : Promise.resolve().then(() => void disk.set(key, entry)),
  }
  const first = system.spawn(registerReplica({ id: 'a', storage }))
  const register = (ref: Ref<RegisterReplica>): QuorumRegister => new QuorumRegister({ replicas: [ref], writer: 'w' })

  await within(runtime, register(first).write('k', 1))
  t.like(disk.get('k'), { value: 1, deleted: false })
  full = true
  const refused = await t.throwsAsync(within(runtime, register(first).write('k', 2)), { instanceOf: NoMajorityError })
  await within(runtime, system.stop(first))
  const second = system.spawn(registerReplica({ id: 'a', storage }))

  t.is(refused?.outcome, 'unknown')
  t.is(await within(runtime, register(second).read('k')), 1)
})

test('one replica never counts twice, and a size below the number of replicas is refused', async (t) => {
  const { runtime, replicas } = await cluster(3)
  const twice = new QuorumRegister({ replicas: () => [replicas[0]!, replicas[0]!], size: 3, writer: 'w' })
  let next = 0
  const small = new QuorumRegister({ replicas: () => [replicas[next++]!], size: 1, writer: 'w' })

  await t.throwsAsync(within(runtime, twice.write('k', 1)), { instanceOf: NoMajorityError })
  await within(runtime, small.read('k'))
  await t.throwsAsync(within(runtime, small.read('k')), { instanceOf: InvalidOptionError, message: /"size"/ })
})

test('the actor in front runs operations side by side and refuses with the code of the failure', async (t) => {
  const { runtime, system, replicas } = await cluster(3)
  const ref = system.spawn(quorumRegister<number>({ replicas }))

  await within(
    runtime,
    Promise.all([ref.ask('write', { key: 'k', value: 1 }), ref.ask('write', { key: 'l', value: 2 })]),
  )
  t.is(await within(runtime, ref.ask('read', 'k')), 1)
  t.deepEqual(await within(runtime, ref.ask('keys')), ['k', 'l'])
  for (const replica of replicas) await within(runtime, system.stop(replica))

  const error = await t.throwsAsync(within(runtime, ref.ask('read', 'k')))
  t.like(error, { code: 'ASK_FAILED', reason: 'refused', cause: { causeCode: 'NO_MAJORITY' } })
})

test('options are checked at the door', (t) => {
  const misspelt = { replicas: [], writer: 'w', timeout: 1 }

  t.throws(() => new QuorumRegister(misspelt), { instanceOf: UnknownOptionError, message: /did you mean "timeoutMs"/ })
  t.throws(() => new QuorumRegister({ replicas: () => [], writer: 'w' }), { message: /"size"/ })
  t.throws(() => new QuorumRegister({ replicas: [], writer: '' }), { message: /"writer"/ })
})

test('linearizable over many seeds with five clients, random delays and a replica lost midway', async (t) => {
  for (let seed = 1; seed <= times(15, 150); seed++) {
    const result = checkLinearizable(await contend(seed, 'linearizable'), registerModel())
    t.is(result.verdict, 'ok', `seed ${seed}: ${JSON.stringify(result)}`)
  }
})

test('without handing reads on, as reads: regular says, the checker finds reads in the wrong order', async (t) => {
  let verdict = ''
  for (let seed = 1; seed <= 150 && verdict !== 'illegal'; seed++) {
    verdict = checkLinearizable(await contend(seed, 'regular'), registerModel()).verdict
  }

  // About one history in ten is; that the checker sees one is enough.
  t.is(verdict, 'illegal')
})

async function cluster(size: number) {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'test', runtime, log: false })
  const replicas = Array.from({ length: size }, (_, i) => system.spawn(registerReplica(), { name: `replica-${i}` }))
  const client = (writer: string): QuorumRegister => new QuorumRegister({ replicas, writer })
  return { runtime, system, replicas, client }
}

/** A link with random delays in both directions, some long: what it carries may overtake. */
function slowLink(target: Ref<RegisterReplica>, random: Random): Actor<RegisterReplica> {
  type Late = RegisterReplica & { late: (run: () => void) => void }
  const link = actor<Late>({ id: 'link' }, (ctx) => {
    const later = (run: () => void): void =>
      void ctx.after(random.below(3) === 0 ? random.below(150) : random.below(5), 'late', run)
    const relay = <T>(ask: () => Promise<T>) => {
      const reply = ctx.reply<T>()
      later(() => {
        ask().then(
          (value) => later(() => reply.resolve(value)),
          (error) => reply.reject(error),
        )
      })
      return reply
    }
    return {
      read: (key) => relay(() => target.ask('read', key)),
      write: (request) => relay(() => target.ask('write', request)),
      list: (prefix) => relay(() => target.ask('list', prefix)),
      late: (run) => run(),
    }
  })
  return link
}

/** Two clients that write and three that read, mostly; eight operations each; one of three replicas stops midway. */
async function contend(seed: number, reads: 'linearizable' | 'regular'): Promise<HistoryEvent[]> {
  const runtime: ManualRuntime = manualRuntime(seed)
  const random = runtime.random.stream('test')
  const system = await createSystem({ name: 'test', runtime, log: false })
  const copies = [0, 1, 2].map(() => system.spawn(registerReplica()))
  const links = (): Ref<RegisterReplica>[] => copies.map((copy) => system.spawn(slowLink(copy, random)))
  const history: HistoryEvent[] = []
  let written = 0

  const client = async (process: number): Promise<void> => {
    const register = new QuorumRegister<number>({ replicas: links(), writer: `w${process}`, timeoutMs: 600, reads })
    for (let i = 0; i < 8; i++) {
      const f = process <= 2 === random.below(8) > 0 ? 'write' : 'read'
      const key = random.below(4) === 0 ? 'rare' : 'hot'
      const value = f === 'write' ? ++written : undefined
      history.push({ process, type: 'invoke', f, key, value })
      try {
        const read = f === 'write' ? await register.write(key, value!) : ((await register.read(key)) ?? null)
        history.push({ process, type: 'ok', f, key, value: f === 'write' ? value : read })
      } catch {
        history.push({ process, type: 'info', f, key })
        return // a process ends at its first info
      }
    }
  }
  const clients = Promise.all([1, 2, 3, 4, 5].map(client))
  await runtime.advance(random.below(600))
  await within(runtime, system.stop(copies[random.below(3)]!))
  await runtime.advance(10_000)
  await clients
  await within(runtime, system.stop())
  return history
}
