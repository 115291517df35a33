import { type ActorSystem, createSystem, InvalidOptionError, type Ref, UnknownOptionError } from '@troupe/core'
import { manualRuntime, within } from '@troupe/testkit'
import { memoryNetwork } from '@troupe/transport-memory'
import test from 'ava'
import { type GroupTargets, group, HashBalancing, RoundRobin, Weighted } from './index.ts'
import { failure, routerContract, routerStage, Work, type Worker, workerOf } from './router.contract.ts'

routerContract(test, 'group of refs', ({ system, definition }, size, options) => {
  const targets = Array.from({ length: size }, () => system.spawn(definition))
  return system.spawn(group<Work>(targets, options))
})

routerContract(test, 'group that follows', ({ system, definition }, size, options) => {
  // Each has a protocol of its own: one test starts several.
  const own = { id: `work ${++protocols}` }
  for (let i = 0; i < size; i++) system.register(own, system.spawn(definition))
  return system.spawn(group<Work>({ follow: own }, options))
})
let protocols = 0

test('a target that ends leaves, and others can be added, weighted and removed', async (t) => {
  const { runtime, system, definition, workers } = await routerStage()
  const [a, b, c] = [system.spawn(definition), system.spawn(definition), system.spawn(definition)]
  const router = system.spawn(group<Work>([{ ref: a, weight: 2 }, b], { strategy: new Weighted() }))
  const ask = (times: number): Promise<number[]> =>
    within(runtime, Promise.all(Array.from({ length: times }, () => router.ask('who'))))

  t.deepEqual((await ask(3)).sort(), [0, 0, 1])
  await within(runtime, system.stop(a))
  t.deepEqual(await ask(2), [1, 1])
  router.tell('$add', { ref: c, weight: 3 })
  t.deepEqual((await ask(4)).sort(), [1, 2, 2, 2])
  router.tell('$remove', b)
  t.deepEqual(await ask(2), [2, 2])
  for (const wrong of [c, { ref: c, weight: 0 }, undefined]) {
    t.is((await within(runtime, failure(router.ask('$add', wrong as never)))).reason, 'refused')
  }
  t.deepEqual(await ask(1), [2])
  t.is(workers.length, 3)
})

test('a group that follows nobody yet refuses at once, and routes as soon as somebody is registered', async (t) => {
  const { runtime, system, definition } = await routerStage()
  const router = system.spawn(group({ follow: Work }, { strategy: new RoundRobin() }))

  const early = failure(router.ask('who'))
  await runtime.settle()
  t.is((await early).reason, 'refused')

  const worker = system.spawn(definition)
  system.register(Work, worker)
  t.is(await within(runtime, router.ask('who')), 0)
  await within(runtime, system.stop(worker))
  t.is((await within(runtime, failure(router.ask('who')))).reason, 'refused')
})

test('a group that is itself registered under what it follows does not send to itself', async (t) => {
  const { runtime, system, definition } = await routerStage()
  const router = system.spawn(group({ follow: Work }, { strategy: new RoundRobin() }))
  system.register(Work, router)
  system.register(Work, system.spawn(definition))

  t.deepEqual(await within(runtime, Promise.all([router.ask('who'), router.ask('who')])), [0, 0])
})

test('a group routes over two nodes, with askers kept across them, and drops who goes down with its node', async (t) => {
  const { runtime, here, there, workersHere, workersThere } = await twoNodes()
  const router = here.spawn(group({ follow: Work }, { strategy: new RoundRobin() }))
  await runtime.settle()

  // Asked from the other node, so that the asker, too, is far from half of the routees.
  const far = await within(runtime, there.find(Work))
  t.not(far.address, here.address)
  const answers = await within(runtime, Promise.all([1, 2, 3, 4].map(() => router.ask('who'))))
  t.deepEqual(answers, [0, 0, 0, 0])
  for (const text of ['a', 'b', 'c', 'd']) router.tell('note', text)
  await runtime.advance(10)
  t.deepEqual(
    [workersHere[0]!.notes, workersThere[0]!.notes],
    [
      ['a', 'c'],
      ['b', 'd'],
    ],
  )
  t.is(await within(runtime, router.ask('$broadcast', ['note', 'all'])), 2)

  void there.stop()
  await runtime.advance(100)
  const left = await within(runtime, router.ask('$report'))
  t.deepEqual(
    left.routees.map(({ ref }) => ref.id),
    [workersHere[0]!.ref.id],
  )
  router.tell('note', 'e')
  router.tell('note', 'f')
  await runtime.settle()
  t.deepEqual(workersHere[0]!.notes, ['a', 'c', 'all', 'e', 'f'])
})

test('a router can be asked from another node, and one bad message does not end it for the others', async (t) => {
  const { runtime, here, there, workersHere } = await twoNodes()
  const router = there.spawn(group({ follow: Work }, { strategy: new HashBalancing(), key: () => 'same' }))
  there.register({ id: 'router' }, router)
  const found: Ref<Work> = await within(runtime, here.find<Work>({ id: 'router' }))

  t.is(await within(runtime, found.ask('who')), 0)
  const broken = await within(runtime, failure(found.ask('fail')))
  t.deepEqual([broken.outcome, broken.reason], ['failed', 'handler'])

  const remote = there.spawn(group([workersHere[0]!.ref], { strategy: new RoundRobin() }))
  remote.tell('note', (() => 'no form in CBOR') as never)
  t.like(await within(runtime, failure(remote.ask('note', (() => '') as never))), { outcome: 'not-sent' })
})

test('options and targets are checked at the door', (t) => {
  const strategy = new RoundRobin()
  const misspelt = { strategy, keys: () => '' }
  const nobody = { folow: Work } as unknown as GroupTargets<Work>

  t.throws(() => group<Work>([], misspelt), { instanceOf: UnknownOptionError, message: /did you mean "key"/ })
  t.throws(() => group<Work>(nobody, { strategy }), { instanceOf: InvalidOptionError, message: /\{ follow \}/ })
  t.throws(() => group<Work>([{ ref: {} as Ref<Work> }], { strategy }), { instanceOf: InvalidOptionError })
  t.throws(() => group<Work>([], {} as { strategy: RoundRobin }), { instanceOf: InvalidOptionError })
})

/** One worker on each of two connected nodes, registered. */
async function twoNodes() {
  const runtime = manualRuntime()
  const network = memoryNetwork()
  const start = async (name: string): Promise<[ActorSystem, Worker[]]> => {
    const system = await createSystem({ name, runtime, transport: network.transport(), log: false })
    const workers: Worker[] = []
    system.register(Work, system.spawn(workerOf(workers)))
    return [system, workers]
  }
  const [here, workersHere] = await start('here')
  const [there, workersThere] = await start('there')
  await within(runtime, here.connect(there.address))
  await runtime.settle()
  return { runtime, here, there, workersHere, workersThere }
}
