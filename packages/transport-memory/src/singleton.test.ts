import {
  type Actor,
  AskError,
  actor,
  InvalidOptionError,
  oneForOne,
  protocol,
  type Ref,
  ReplyError,
  type SystemOptions,
  UnknownOptionError,
} from '@troupe/core'
import { type SingletonOptions, singleton } from '@troupe/core/cluster'
import test from 'ava'
import { eventsOf, type Node, World } from './testing/world.ts'

interface Desk {
  put: (n: number) => void
  fail: (code?: string) => void
  where: () => Hosted
}
const Desk = protocol<Desk>('desk')

/** Where an incarnation runs. */
interface Hosted {
  readonly node: string
  readonly fence: number
}

/** A node with a singleton, as it sees it. */
interface Member extends Node {
  readonly desk: Ref<Desk>
}

class Cluster {
  readonly world = new World()
  readonly members: Member[] = []
  readonly got: number[] = []

  async add(options: Partial<SingletonOptions<Desk>> = {}, system: Partial<SystemOptions> = {}): Promise<Member> {
    const { world, members } = this
    const name = `n${members.length + 1}`
    const membership = { probePeriodMs: 100, stableAfterMs: 300, aloneAfterMs: 100 }
    const seeds = members.slice(0, 1).map((member) => member.system.address)
    const node = await world.node(name, { seeds, membership, ...system })
    const desk = singleton(node.system, {
      name: 'desk',
      service: (fence) => this.#service({ node: name, fence }),
      supervise: oneForOne({ maxRestarts: 1, backoff: { minMs: 1 } }),
      ...options,
    })
    const member = { ...node, desk }
    members.push(member)
    const isUp = (): boolean => members.every((one) => isMember(one, members.length))
    await world.until('all are up', isUp)
    return member
  }

  /** Three members, the first of which hosts it. */
  async three(options: Partial<SingletonOptions<Desk>> = {}): Promise<readonly [Member, Member, Member]> {
    const members = [await this.add(options), await this.add(options), await this.add(options)] as const
    await this.where(members[2])
    return members
  }

  where({ desk }: Member): Promise<Hosted> {
    return this.world.during(desk.ask('where'))
  }

  #service(me: Hosted): Actor<Desk> {
    return actor(Desk, () => ({
      put: (n) => void this.got.push(n),
      fail: (code) => {
        throw code === undefined ? new Error('as told') : new ReplyError('refused', 'StaleEpochError', code)
      },
      where: () => me,
    }))
  }
}

function isMember({ system }: Node, count: number): boolean {
  return system.stopped || system.members.filter(({ state }) => state === 'up').length === count
}

test('a singleton runs once, on the oldest member, and answers on each', async (t) => {
  const cluster = new Cluster()
  const members = await cluster.three()
  const answers = [await cluster.where(members[0]), await cluster.where(members[1]), await cluster.where(members[2])]

  t.deepEqual(
    answers.map(({ node }) => node),
    ['n1', 'n1', 'n1'],
  )
  t.is(members.flatMap((member) => eventsOf(member, 'singleton-started')).length, 1)
  await cluster.world.stop()
})

test('when its host leaves, what is told meanwhile is handled by the next one, in order, with a later fence', async (t) => {
  const cluster = new Cluster()
  const [a, b, c] = await cluster.three()
  const before = await cluster.where(c)
  const left = a.system.stop()
  for (let n = 1; n <= 200; n++) {
    c.desk.tell('put', n)
    await cluster.world.time.advance(1)
  }
  await cluster.world.during(left)
  const after = await cluster.where(c)

  t.deepEqual(
    cluster.got,
    Array.from({ length: 200 }, (_, i) => i + 1),
  )
  t.is(after.node, 'n2')
  t.true(after.fence > before.fence)
  t.deepEqual(
    eventsOf(a, 'singleton-stopped').map(({ reason }) => reason),
    ['handed-over'],
  )
  t.deepEqual(eventsOf(b, 'stop-task-failed'), [])
  await cluster.world.stop()
})

test('each restart has a later fence, as its set-up sees it', async (t) => {
  const cluster = new Cluster()
  const [a] = await cluster.three()
  const before = await cluster.where(a)
  a.desk.tell('fail')
  const after = await cluster.where(a)

  t.deepEqual(after, { node: 'n1', fence: before.fence + 1 })
  await cluster.world.stop()
})

test('one that has spent its restarts moves to the next oldest member, and never comes back to that run', async (t) => {
  const cluster = new Cluster()
  const [a, b, c] = await cluster.three()
  for (const expected of ['n2', 'n3']) {
    c.desk.tell('fail')
    c.desk.tell('fail')
    await cluster.world.time.advance(2_000)
    t.is((await cluster.where(c)).node, expected)
  }
  c.desk.tell('fail')
  c.desk.tell('fail')
  await cluster.world.time.advance(2_000)
  const error = await t.throwsAsync(cluster.world.during(c.desk.ask('where', undefined, { timeoutMs: 500 })))

  t.true(error instanceof AskError)
  t.deepEqual(
    [a, b, c].flatMap((member) => eventsOf(member, 'singleton-stopped')).map(({ reason }) => reason),
    ['gave-up', 'gave-up', 'gave-up'],
  )
  const d = await cluster.add()
  t.is((await cluster.where(d)).node, 'n4')
  await cluster.world.stop()
})

test('one whose resource refuses its fence gets a later one, above the clock', async (t) => {
  const cluster = new Cluster()
  const [a] = await cluster.three()
  const before = await cluster.where(a)
  a.desk.tell('fail', 'STALE_EPOCH')
  await cluster.world.time.advance(1_000)
  const after = await cluster.where(a)

  t.is(after.node, 'n1')
  t.true(after.fence >= before.fence + 1024)
  await cluster.world.stop()
})

test('while nobody hosts it no more than bufferMessages and bufferBytes wait; the rest is refused or a dead letter', async (t) => {
  const cluster = new Cluster()
  const limits = { role: 'desk', bufferMessages: 3, bufferBytes: 1_000 }
  const a = await cluster.add(limits)
  for (const n of [1, 2, 3, 4]) a.desk.tell('put', n)
  const full = await t.throwsAsync(cluster.world.during(a.desk.ask('put', 5)))

  t.is(
    (full as AskError).cause instanceof ReplyError && ((full as AskError).cause as ReplyError).causeCode,
    'SINGLETON_BUFFER_FULL',
  )
  t.deepEqual(
    eventsOf(a, 'dead-letter').map(({ reason, message, payload }) => [reason, message, payload]),
    [['mailbox-full', 'put', 4]],
  )
  await cluster.add(limits, {
    membership: { roles: ['desk'], probePeriodMs: 100, stableAfterMs: 300, aloneAfterMs: 100 },
  })
  await cluster.where(a)
  t.deepEqual(cluster.got, [1, 2, 3])
  await cluster.world.stop()
})

test('by default 1,000 messages or 1 MiB may wait on each node', async (t) => {
  for (const [count, size, kept] of [
    [1_001, 1, 1_000],
    [3, 500 * 1024, 2],
  ] as const) {
    const world = new World()
    const node = await world.node('a', { membership: true })
    const box = actor('box', () => ({ put: (_: string) => {} }))
    const ref = singleton(node.system, { name: 'box', role: 'none', service: () => box })
    for (let i = 0; i < count; i++) ref.tell('put', 'x'.repeat(size))
    await world.time.advance(10)
    t.is(eventsOf(node, 'dead-letter').length, count - kept)
    await world.stop()
  }
})

test('options are checked, and a system without membership has no singletons', async (t) => {
  const world = new World()
  const node = await world.node('a')
  const service = (): Actor<Desk> =>
    actor(Desk, () => ({ put: () => {}, fail: () => {}, where: () => ({ node: '', fence: 0 }) }))
  const none = t.throws(() => singleton(node.system, { name: 'desk', service }))
  t.true(none instanceof InvalidOptionError && none.message.includes('membership'))
  const unknown = t.throws(() => singleton(node.system, { name: 'desk', service, rolle: 'x' } as never))
  t.true(unknown instanceof UnknownOptionError && unknown.suggestion === 'role')
  for (const wrong of [{ name: 'a b' }, { service: 1 }, { bufferMessages: -1 }, { handOverMs: 0 }])
    t.throws(() => singleton(node.system, { name: 'desk', service, ...wrong } as never), {
      instanceOf: InvalidOptionError,
    })
  await world.stop()
})

test('a service that throws as it is made, or makes none, is one that fails: the next oldest member hosts it, and votes go on', async (t) => {
  for (const broken of [
    (): never => {
      throw new RangeError('no licence')
    },
    () => undefined as never,
    () => ({ id: 'x' }) as never,
  ]) {
    const cluster = new Cluster()
    const { world } = cluster
    const first = await cluster.add({ service: broken })
    const second = await cluster.add()
    await world.until('next host', () => eventsOf(second, 'singleton-started').length > 0)
    const hosted = await world.during(second.desk.ask('where'))

    t.is(hosted.node, 'n2')
    t.true(eventsOf(first, 'actor-failed').every(({ path }) => path.endsWith('/desk')))
    t.is(eventsOf(first, 'singleton-stopped').length, 1)
    await world.stop()
  }
})

test('singletons whose names begin alike are two: desk, and desk-proxy', async (t) => {
  const cluster = new Cluster()
  const { system, desk } = await cluster.add()
  const other = singleton(system, {
    name: 'desk-proxy',
    service: () => actor(Desk, () => ({ put: () => {}, fail: () => {}, where: () => ({ node: 'x', fence: 0 }) })),
  })

  t.is((await cluster.world.during(other.ask('where'))).node, 'x')
  t.is((await cluster.world.during(desk.ask('where'))).node, 'n1')
  await cluster.world.stop()
})
