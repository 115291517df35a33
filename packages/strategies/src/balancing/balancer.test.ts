import {
  type ActorSystem,
  AskError,
  actor,
  createSystem,
  type Deferred,
  InvalidOptionError,
  protocol,
  type Ref,
  UnknownOptionError,
} from '@troupe/core'
import { manualRuntime, within } from '@troupe/testkit'
import test from 'ava'
import { balancer, HashBalancing, LeastConnections, node, RandomChoice, RoundRobin } from './index.ts'

interface Work {
  /** Answers the worker's name and the job, when the test says so. */
  run: (job: string) => string
  /** Answers at once. */
  who: () => string
  note: (text: string) => void
  fail: () => void
}
const Work = protocol<Work>('work')

test('a node has no more requests in its service than maxInFlight, queues some, and refuses the rest with NODE_FULL', async (t) => {
  const { runtime, system, worker } = await stage()
  const service = worker('a')
  const ref = system.spawn(node(service.definition, { maxInFlight: 2, maxQueued: 1 }))

  const answers = ['1', '2', '3'].map((job) => ref.ask('run', job))
  const refused = await t.throwsAsync(within(runtime, ref.ask('run', '4')), { instanceOf: AskError })

  t.deepEqual(service.jobs(), ['1', '2'])
  t.like(refused, { outcome: 'failed', reason: 'refused', cause: { causeCode: 'NODE_FULL' } })
  t.like(await within(runtime, ref.ask('$report')), { inFlight: 2, queued: 1, refused: 1, draining: false })
  service.finish('1')
  t.is(await within(runtime, answers[0]!), 'a: 1')
  t.deepEqual(service.jobs(), ['2', '3'])
})

test('a draining node finishes what it accepted, refuses the rest with NODE_DRAINING, answers, and stops', async (t) => {
  const { runtime, system, worker } = await stage()
  const service = worker('a')
  const ref = system.spawn(node(service.definition, { maxInFlight: 1 }))
  const accepted = [ref.ask('run', '1'), ref.ask('run', '2')]

  const drained = ref.ask('$drain')
  const refused = await t.throwsAsync(within(runtime, ref.ask('who')))
  service.finish('1')
  await runtime.settle()
  service.finish('2')

  t.like(refused, { cause: { causeCode: 'NODE_DRAINING' } })
  t.deepEqual(await within(runtime, Promise.all(accepted)), ['a: 1', 'a: 2'])
  await within(runtime, drained)
  t.like(await t.throwsAsync(within(runtime, ref.ask('who'))), { outcome: 'not-sent' })
})

test("a request in a node has its asker's deadline, and its failure keeps the code of the service", async (t) => {
  const { runtime, system, worker } = await stage()
  const service = worker('a')
  const ref = system.spawn(node(service.definition, { maxInFlight: 1 }))

  await t.throwsAsync(within(runtime, ref.ask('run', 'slow', { timeoutMs: 50 })), { message: /within 50 ms/ })
  await runtime.advance(1)
  t.is(await within(runtime, ref.ask('who')), 'a', 'its place is free again')
  const error = await t.throwsAsync(within(runtime, ref.ask('fail')))
  t.like(error, { cause: { causeName: 'Error', message: `${ref.path}/service failed: broken` } }, String(error))
})

test('requests go to the targets in turn, and tells do too', async (t) => {
  const { runtime, system, worker } = await stage()
  const [a, b] = [worker('a'), worker('b')]
  const ref = system.spawn(balancer<Work>({ strategy: new RoundRobin(), targets: [a.spawn(), b.spawn()] }))

  const answers = await within(runtime, Promise.all([1, 2, 3, 4].map(() => ref.ask('who'))))
  ref.tell('note', 'x')
  ref.tell('note', 'y')
  await runtime.settle()

  t.deepEqual(answers, ['a', 'b', 'a', 'b'])
  t.deepEqual([a.notes, b.notes], [['x'], ['y']])
})

test("equal keys go to the same target; chance comes from the balancer's own stream", async (t) => {
  const { runtime, system, worker } = await stage()
  const targets = ['a', 'b', 'c'].map((name) => worker(name).spawn())
  const byKey = system.spawn(balancer<Work>({ strategy: new HashBalancing(), targets, key: () => 'same' }))
  const byChance = system.spawn(balancer<Work>({ strategy: (random) => new RandomChoice(random), targets }))

  const same = await within(runtime, Promise.all(Array.from({ length: 9 }, () => byKey.ask('who'))))
  const mixed = await within(runtime, Promise.all(Array.from({ length: 40 }, () => byChance.ask('who'))))

  t.is(new Set(same).size, 1)
  t.is(new Set(mixed).size, 3)
})

test('requests in flight are counted: least connections avoids the busy target', async (t) => {
  const { runtime, system, worker } = await stage()
  const [a, b] = [worker('a'), worker('b')]
  const ref = system.spawn(balancer<Work>({ strategy: new LeastConnections(), targets: [a.spawn(), b.spawn()] }))

  void ref.ask('run', 'long').catch(() => {})
  await runtime.settle()

  t.is(await within(runtime, ref.ask('who')), 'b')
  t.is(await within(runtime, ref.ask('who')), 'b')
})

test('while no target is available requests wait in order, and go when one is added or answers', async (t) => {
  const { runtime, system, worker } = await stage()
  const a = worker('a')
  const ref = system.spawn(balancer<Work>({ strategy: new RoundRobin(), maxInFlight: 1 }))
  const answers = ['1', '2', '3'].map((job) => ref.ask('run', job))
  await runtime.settle()
  t.like(await within(runtime, ref.ask('$report')), { queued: 3, targets: [] })

  ref.tell('$add', { ref: a.spawn() })
  for (const job of ['1', '2', '3']) {
    await runtime.settle()
    t.deepEqual(a.jobs(), [job])
    a.finish(job)
  }

  t.deepEqual(await within(runtime, Promise.all(answers)), ['a: 1', 'a: 2', 'a: 3'])
})

test('a full queue refuses with QUEUE_FULL, and who waits too long hears QUEUE_TIMEOUT before the deadline', async (t) => {
  const { runtime, system } = await stage()
  const ref = system.spawn(balancer<Work>({ strategy: new RoundRobin(), maxQueued: 1, queueTimeoutMs: 100 }))

  const waiting = t.throwsAsync(ref.ask('who'))
  const full = await t.throwsAsync(within(runtime, ref.ask('who')))
  await runtime.advance(100)

  t.like(full, { reason: 'refused', cause: { causeCode: 'QUEUE_FULL' } })
  t.like(await waiting, { reason: 'refused', cause: { causeCode: 'QUEUE_TIMEOUT' } })
  t.like(await within(runtime, ref.ask('$report')), { queued: 0 })
})

test('a target that ends leaves, and what it never saw goes to another one', async (t) => {
  const { runtime, system, worker } = await stage()
  const [a, b] = [worker('a'), worker('b')]
  const [first, second] = [a.spawn(), b.spawn()]
  const ref = system.spawn(balancer<Work>({ strategy: new RoundRobin(), targets: [first, second] }))
  await within(runtime, system.stop(first))

  t.deepEqual(await within(runtime, Promise.all([ref.ask('who'), ref.ask('who'), ref.ask('who')])), ['b', 'b', 'b'])
  t.is((await within(runtime, ref.ask('$report'))).targets.length, 1)
})

test('a request of unknown outcome is not sent again, unless the balancer may', async (t) => {
  for (const retryUnknown of [false, true]) {
    const { runtime, system, worker } = await stage()
    const [a, b] = [worker('a'), worker('b')]
    const targets = [a.spawn(), b.spawn()]
    const ref = system.spawn(balancer<Work>({ strategy: new RoundRobin(), targets, retryUnknown }))
    const answer = ref.ask('run', 'job')
    await runtime.settle()

    await within(runtime, system.stop(targets[0]!))
    await runtime.settle()

    t.deepEqual(b.jobs(), retryUnknown ? ['job'] : [])
    if (retryUnknown) b.finish('job')
    if (retryUnknown) t.is(await within(runtime, answer), 'b: job')
    else t.like(await t.throwsAsync(within(runtime, answer)), { cause: { causeCode: 'ASK_UNKNOWN' } })
  }
})

test('requests refused by a full or draining node go to another one', async (t) => {
  const { runtime, system, worker } = await stage()
  const [a, b] = [worker('a'), worker('b')]
  const full = system.spawn(node(a.definition, { maxInFlight: 1, maxQueued: 0 }))
  const ref = system.spawn(balancer<Work>({ strategy: new RoundRobin(), targets: [full, b.spawn()] }))
  void full.ask('run', 'long').catch(() => {})

  t.deepEqual(await within(runtime, Promise.all([ref.ask('who'), ref.ask('who')])), ['b', 'b'])
  a.finish('long')
  await runtime.advance(20)
  t.deepEqual((await within(runtime, Promise.all([ref.ask('who'), ref.ask('who')]))).sort(), ['a', 'b'])
  void full.ask('run', 'last').catch(() => {})
  void full.ask('$drain')
  t.deepEqual(await within(runtime, Promise.all([ref.ask('who'), ref.ask('who')])), ['b', 'b'])
})

test('a balancer follows who is registered under a protocol', async (t) => {
  const { runtime, system, worker } = await stage()
  const ref = system.spawn(balancer({ strategy: new RoundRobin(), follow: Work }))
  const early = ref.ask('who')
  await runtime.settle()

  const target = worker('a').spawn()
  system.register(Work, target)
  t.is(await within(runtime, early), 'a')
  await within(runtime, system.stop(target))
  await runtime.settle()
  t.deepEqual((await within(runtime, ref.ask('$report'))).targets, [])
})

test("what the handler answers with an error is the asker's, and no reason to try another target", async (t) => {
  const { runtime, system, worker } = await stage()
  const [a, b] = [worker('a'), worker('b')]
  const ref = system.spawn(balancer<Work>({ strategy: new RoundRobin(), targets: [a.spawn(), b.spawn()] }))

  const error = await t.throwsAsync(within(runtime, ref.ask('fail')))

  t.like(error, { outcome: 'failed', cause: { causeName: 'Error' } })
  t.is(await within(runtime, ref.ask('who')), 'b')
})

test('options are checked at the door, and unknown control messages are refused, not passed on', async (t) => {
  const { runtime, system, worker } = await stage()
  const misspelt = { strategy: new RoundRobin(), maxQueue: 1 }
  const ref: Ref<{ $drain: () => void }> = system.spawn(
    balancer<Work & { $drain: () => void }>({ strategy: new RoundRobin(), targets: [] }),
  )

  t.throws(() => balancer<Work>(misspelt), { instanceOf: UnknownOptionError, message: /"maxQueued"/ })
  t.throws(() => node(worker('a').definition, { maxInFlight: 0 }), { instanceOf: InvalidOptionError })
  t.like(await t.throwsAsync(within(runtime, ref.ask('$drain'))), { cause: { causeCode: 'UNKNOWN_CONTROL' } })
})

async function stage() {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'test', runtime, log: false })
  return { runtime, system, worker: (name: string) => worker(system, name) }
}

/** An actor whose jobs end when the test says so. */
function worker(system: ActorSystem, name: string) {
  const running = new Map<string, Deferred<string>>()
  const notes: string[] = []
  const definition = actor(Work, (ctx) => ({
    run: (job) => {
      const reply = ctx.reply<string>()
      running.set(job, reply)
      return reply
    },
    who: () => name,
    note: (text) => void notes.push(text),
    fail: () => {
      throw new Error('broken')
    },
  }))
  return {
    definition,
    notes,
    spawn: (): Ref<Work> => system.spawn(definition, { name }),
    jobs: () => [...running.keys()],
    finish: (job: string) => {
      running.get(job)!.resolve(`${name}: ${job}`)
      running.delete(job)
    },
  }
}
