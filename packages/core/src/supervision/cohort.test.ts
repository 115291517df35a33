import test from 'ava'
import { actor } from '../actor/actor.ts'
import type { ChildFailed } from '../actor/child-failed.ts'
import type { Context, SpawnOptions } from '../actor/context.ts'
import { type Protocol, protocol } from '../actor/protocol.ts'
import type { Ref } from '../actor/ref.ts'
import { createSystem } from '../create-system.ts'
import { type ManualRuntime, manualRuntime } from '../runtime/manual.ts'
import type { ActorSystem } from '../system/actor-system.ts'
import type { SystemEvent } from '../system/events.ts'
import { timePasses } from '../testing/world.ts'
import type { Supervision } from './directive.ts'
import { oneForAll } from './one-for-all.ts'
import { oneForOne } from './one-for-one.ts'
import { restForOne } from './rest-for-one.ts'

const AT_ONCE = { minMs: 0, maxMs: 0 } as const
const IN_50_MS = { minMs: 50, maxMs: 50, jitter: 0 } as const

interface Member {
  fail: () => void
  failAside: () => Promise<void>
  quit: () => void
  hang: () => Promise<void>
  add: (n: number) => number
}
const Member: Protocol<Member> = protocol('member')

interface MemberOptions extends Omit<SpawnOptions, 'name'> {
  /** How long its clean-up takes, in ms. */
  readonly cleanUpMs?: number
  /** Name of a child of its own. */
  readonly child?: string
  /** Set-ups that fail, by number: the first is 1. */
  readonly failingStarts?: readonly number[]
}

/** A parent whose children share a supervision, and the log of their starts and ends. */
class Family {
  readonly log: string[] = []
  readonly events: SystemEvent[] = []
  readonly failures: string[] = []
  readonly members: Record<string, Ref<Member>> = {}
  readonly runtime: ManualRuntime
  readonly system: ActorSystem
  readonly parent: Ref<Record<never, never>>
  readonly #supervision: Supervision
  readonly #starts = new Map<string, number>()
  context!: Context<Record<never, never>>

  constructor(
    runtime: ManualRuntime,
    system: ActorSystem,
    supervision: Supervision,
    members: Readonly<Record<string, MemberOptions>>,
    parentOptions: SpawnOptions,
  ) {
    this.runtime = runtime
    this.system = system
    this.#supervision = supervision
    system.events.subscribe((event) => this.events.push(event))
    this.parent = system.spawn(
      actor(protocol<Record<never, never>>('parent'), (context) => {
        this.context = context
        this.log.push('parent starts')
        context.onStop(() => void this.log.push('parent gone'))
        for (const [name, options] of Object.entries(members)) this.spawn(name, options)
        return { childFailed: (failed: ChildFailed) => this.#heard(failed) }
      }),
      { name: 'parent', ...parentOptions },
    )
  }

  spawn(name: string, { cleanUpMs = 0, child, failingStarts = [], ...options }: MemberOptions = {}): void {
    const { runtime, log } = this
    const leaf = actor(protocol<Record<never, never>>('leaf'), (context) => {
      context.onStop(() => void log.push(`${child} gone`))
      return {}
    })
    const member = actor(Member, (context) => {
      const start = (this.#starts.get(name) ?? 0) + 1
      this.#starts.set(name, start)
      log.push(`${name} starts`)
      if (failingStarts.includes(start)) throw new Error(`${name} cannot start`)
      if (child !== undefined) context.spawn(leaf)
      context.onStop(() => {
        const gone = (): void => void log.push(`${name} gone`)
        return cleanUpMs === 0 ? gone() : timePasses(runtime, cleanUpMs).then(gone)
      })
      let sum = 0
      return {
        fail: () => boom(name),
        failAside: async () => {
          context.pipe(Promise.reject(new Error(`${name} aside`)), 'fail' as never)
          await timePasses(runtime, 20)
          log.push(`${name} ends its handler`)
        },
        quit: () => context.stop(),
        hang: () => new Promise<void>(() => {}),
        add: (n) => (sum += n),
      }
    })
    this.members[name] = this.context.spawn(member, { name, supervise: this.#supervision, ...options })
  }

  member(name: string): Ref<Member> {
    return this.members[name]!
  }

  async fail(name: string, ms = 1): Promise<void> {
    this.member(name).tell('fail')
    await this.runtime.advance(ms)
  }

  /** What was logged since the last call. */
  take(): string[] {
    return this.log.splice(0)
  }

  count(type: SystemEvent['type']): number {
    return this.events.filter((event) => event.type === type).length
  }

  #heard({ ref, error, directive }: ChildFailed): void {
    const names = this.context.children.map((child) => child.path.split('/').at(-1))
    this.failures.push(`${ref.path.split('/').at(-1)}: ${error.message}, ${directive}; left: ${names.join(' ')}`)
  }
}

async function family(
  supervision: Supervision,
  members: Readonly<Record<string, MemberOptions>>,
  parentOptions: SpawnOptions = {},
): Promise<Family> {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false })
  const made = new Family(runtime, system, supervision, members, parentOptions)
  await runtime.settle()
  made.take()
  return made
}

function boom(who: string): never {
  throw new Error(`${who} failed`)
}

// Order (law 8)

test('one-for-all: the cohort stops one by one, the last one spawned first, and starts in order once all are gone (law 8)', async (t) => {
  for (const failing of ['a', 'b', 'c']) {
    const home = await family(oneForAll({ backoff: AT_ONCE }), {
      a: { cleanUpMs: 10, child: 'below a' },
      b: { child: 'below b' },
      c: { cleanUpMs: 10, child: 'below c' },
    })

    await home.fail(failing, 30)

    const ends = ['below c gone', 'c gone', 'below b gone', 'b gone', 'below a gone', 'a gone']
    t.deepEqual(home.take(), [...ends, 'a starts', 'b starts', 'c starts'], failing)
    t.is(home.count('actor-restarted'), 3)
  }
})

test('rest-for-one: the failed one and those spawned after it restart, those before it keep their state (law 8)', async (t) => {
  const home = await family(restForOne({ backoff: AT_ONCE }), { a: {}, b: {}, c: {} })
  for (const name of ['a', 'b', 'c']) await home.member(name).ask('add', 5)

  await home.fail('b')

  t.deepEqual(home.take(), ['c gone', 'b gone', 'b starts', 'c starts'])
  const sums = ['a', 'b', 'c'].map((name) => home.member(name).ask('add', 1))
  t.deepEqual(await Promise.all(sums), [6, 1, 1])
})

test('siblings of another supervision are left alone, be it one of the same kind', async (t) => {
  const home = await family(oneForAll({ backoff: AT_ONCE }), { a: {}, b: {} })
  const other = home.context.spawn(
    actor('other', () => {
      home.log.push('other starts')
      return {}
    }),
    { supervise: oneForAll() },
  )
  await home.runtime.settle()
  home.take()

  await home.fail('a')

  t.deepEqual(home.take(), ['b gone', 'a gone', 'a starts', 'b starts'])
  t.truthy(other)
})

test('temporary siblings are stopped by a restart of the cohort and not revived (law 8)', async (t) => {
  const home = await family(oneForAll({ backoff: AT_ONCE }), { a: {}, b: { restart: 'temporary' }, c: {} })

  await home.fail('c')

  t.deepEqual(home.take(), ['c gone', 'b gone', 'a gone', 'a starts', 'c starts'])
  t.deepEqual(home.failures, [])
})

test('a temporary child that fails takes nobody along and uses up no restart', async (t) => {
  const temporary = { restart: 'temporary' } as const
  const home = await family(oneForAll({ maxRestarts: 1, backoff: AT_ONCE }), { a: {}, b: temporary, c: temporary })

  await home.fail('b')
  await home.fail('c')
  t.deepEqual(home.take(), ['b gone', 'c gone'])
  t.is(home.failures.length, 2)

  await home.fail('a')
  t.deepEqual(home.take(), ['a gone', 'a starts'])
})

test('a transient sibling that stops by itself takes nobody along', async (t) => {
  const home = await family(oneForAll({ backoff: AT_ONCE }), { a: {}, b: {} })

  home.member('a').tell('quit')
  await home.runtime.advance(1)

  t.deepEqual(home.take(), ['a gone'])
})

test('messages to members wait in their mailboxes in order while the cohort restarts', async (t) => {
  const home = await family(oneForAll({ backoff: IN_50_MS }), { a: {}, b: { cleanUpMs: 10 } })
  await home.member('a').ask('add', 100)
  home.member('a').tell('fail')
  await home.runtime.advance(5)

  const answers = ['a', 'b'].flatMap((name) => [1, 10].map((n) => home.member(name).ask('add', n)))
  await home.runtime.advance(54)
  t.deepEqual(home.take(), ['b gone', 'a gone'])
  await home.runtime.advance(1)

  t.deepEqual(await Promise.all(answers), [1, 11, 1, 11])
})

test('the failed member handles nothing more, however long those spawned after it take to end', async (t) => {
  const home = await family(oneForAll({ backoff: AT_ONCE }), { a: {}, b: { cleanUpMs: 500 } })
  home.member('a').tell('fail')
  const queued = home.member('a').ask('add', 1)
  await home.runtime.advance(499)
  t.deepEqual(home.take(), [])

  await home.runtime.advance(1)

  t.deepEqual(home.take(), ['b gone', 'a gone', 'a starts', 'b starts'])
  t.is(await queued, 1)
})

test('a handler under way ends before its member is taken for down', async (t) => {
  const home = await family(oneForAll({ backoff: AT_ONCE }), { a: {}, b: {} })

  home.member('b').tell('failAside')
  await home.runtime.advance(20)

  t.deepEqual(home.take(), ['b ends its handler', 'b gone', 'a gone', 'a starts', 'b starts'])
})

// Budget (law 7)

test('a cohort shares one count of restarts: exactly N within the window, whoever fails, and one more stops all (law 7)', async (t) => {
  const home = await family(oneForAll({ maxRestarts: 2, withinMs: 1_000, backoff: AT_ONCE }), { a: {}, b: {} })
  await home.fail('a')
  await home.fail('b')
  t.deepEqual(home.take().filter((line) => line === 'a starts').length, 2)

  await home.fail('a')

  t.deepEqual(home.take(), ['b gone', 'a gone'])
  t.is(home.count('restart-limit'), 1)
  t.deepEqual(home.failures, ['a: a failed, stop; left: '])
})

test('each parent has a cohort of its own, also of one and the same supervision', async (t) => {
  const supervision = oneForAll({ maxRestarts: 1, backoff: AT_ONCE })
  const homes = [await family(supervision, { a: {} }), await family(supervision, { a: {} })]

  for (const home of homes) await home.fail('a')

  for (const home of homes) t.deepEqual(home.take(), ['a gone', 'a starts'])
})

test('a member that fails while its cohort restarts is restarted with it and counts once', async (t) => {
  const home = await family(oneForAll({ maxRestarts: 1, backoff: AT_ONCE }), { a: {}, b: {}, c: { cleanUpMs: 50 } })
  home.member('b').tell('fail')
  await home.runtime.advance(10)

  home.member('a').tell('fail')
  await home.runtime.advance(50)

  t.deepEqual(home.take(), ['c gone', 'b gone', 'a gone', 'a starts', 'b starts', 'c starts'])
  t.is(home.count('restart-limit'), 0)
  t.is(home.count('actor-failed'), 2)
})

test('a new cohort after the last member has gone has a count of its own', async (t) => {
  const home = await family(oneForAll({ maxRestarts: 1, backoff: AT_ONCE }), { a: {} })
  await home.fail('a')
  await home.fail('a')
  t.is(home.count('restart-limit'), 1)

  home.spawn('a')
  await home.fail('a')

  t.is(home.count('restart-limit'), 1)
  t.is(await home.member('a').ask('add', 1), 1)
})

// What happens meanwhile

test('a member stopped by its parent meanwhile does not hang the cohort and is not revived', async (t) => {
  for (const stopped of ['a', 'b', 'c']) {
    for (const afterMs of [5, 15, 40, 70]) {
      const home = await family(oneForAll({ backoff: IN_50_MS }), {
        a: { cleanUpMs: 10 },
        b: { cleanUpMs: 10 },
        c: { cleanUpMs: 10 },
      })
      home.member('b').tell('fail')
      await home.runtime.advance(afterMs)

      home.context.stop(home.member(stopped))
      await home.runtime.advance(200)

      const revived = ['a', 'b', 'c'].filter((name) => name !== stopped).map((name) => `${name} starts`)
      const starts = home.take().filter((line) => line.endsWith('starts'))
      t.deepEqual(starts, revived, `${stopped} after ${afterMs} ms`)
    }
  }
})

test('a member killed because its time was over does not hang the cohort: it is fenced and starts with the others', async (t) => {
  const home = await family(oneForAll({ backoff: AT_ONCE }), { a: {}, b: { stopTimeoutMs: 100 }, c: {} })
  home.member('b').tell('hang')
  await home.runtime.settle()

  home.member('c').tell('fail')
  await home.runtime.advance(99)
  t.deepEqual(home.take(), ['c gone'])
  await home.runtime.advance(1)

  t.deepEqual(home.take(), ['a gone', 'a starts', 'b starts', 'c starts'])
  t.is(await home.member('b').ask('add', 1), 1)
})

test('a stop of the parent overrides a restart of the cohort under way, be it winding down or waiting', async (t) => {
  for (const afterMs of [0, 5, 15, 25, 60]) {
    const home = await family(oneForAll({ backoff: IN_50_MS }), {
      a: { cleanUpMs: 10 },
      b: { cleanUpMs: 10 },
      c: { cleanUpMs: 10 },
    })
    home.member('b').tell('fail')
    await home.runtime.advance(afterMs)

    const stopped = home.system.stop(home.parent)
    await home.runtime.advance(1_000)
    await stopped

    t.deepEqual(home.take(), ['c gone', 'b gone', 'a gone', 'parent gone'], `after ${afterMs} ms`)
    t.is(home.count('actor-restarted'), 0)
  }
})

test('the parent stops its children in its own order also where some of them are a cohort that restarts', async (t) => {
  for (const afterMs of [5, 40]) {
    const home = await family(oneForAll({ backoff: IN_50_MS }), { a: {} })
    home.spawn('x', { supervise: oneForOne(), cleanUpMs: 100 })
    home.spawn('b', { cleanUpMs: 10 })
    await home.runtime.settle()
    home.member('a').tell('fail')
    await home.runtime.advance(afterMs)
    home.take()

    const stopped = home.system.stop(home.parent)
    await home.runtime.advance(1_000)
    await stopped

    const left = afterMs === 5 ? ['b gone', 'x gone', 'a gone'] : ['x gone']
    t.deepEqual(home.take(), [...left, 'parent gone'], `after ${afterMs} ms`)
  }
})

test('a restart of the parent overrides a restart of the cohort under way', async (t) => {
  const home = await family(
    oneForAll({ decide: (error) => (error.message === 'a failed' ? 'escalate' : 'restart'), backoff: IN_50_MS }),
    { a: { cleanUpMs: 10 }, b: { cleanUpMs: 10 } },
    { supervise: oneForOne({ backoff: AT_ONCE }) },
  )

  home.member('a').tell('fail')
  await home.runtime.advance(500)

  t.deepEqual(home.take(), ['b gone', 'a gone', 'parent gone', 'parent starts', 'a starts', 'b starts'])
})

test('rest-for-one: an older sibling that fails meanwhile makes one greater restart of it', async (t) => {
  for (const afterMs of [5, 15, 40]) {
    const home = await family(restForOne({ backoff: IN_50_MS }), {
      a: {},
      b: {},
      c: { cleanUpMs: 10 },
      d: { cleanUpMs: 10 },
    })
    home.member('c').tell('fail')
    await home.runtime.advance(afterMs)

    await home.fail('b', 200)

    t.deepEqual(home.take(), ['d gone', 'c gone', 'b gone', 'b starts', 'c starts', 'd starts'], `after ${afterMs} ms`)
    t.is(home.count('actor-restarted'), 3)
  }
})

test('rest-for-one: an older sibling that fails while the rest stops for good restarts after that', async (t) => {
  const decide = (error: Error) => (error.message === 'b failed' ? 'stop' : 'restart')
  const home = await family(restForOne({ decide, backoff: AT_ONCE }), { a: {}, b: {}, c: {}, d: { cleanUpMs: 10 } })
  home.member('b').tell('fail')
  await home.runtime.advance(5)

  await home.fail('a', 100)

  t.deepEqual(home.take(), ['d gone', 'c gone', 'b gone', 'a gone', 'a starts'])
  t.deepEqual(home.failures, ['b: b failed, stop; left: a'])
})

test('a sibling spawned while its cohort is down starts after the others, a temporary one too', async (t) => {
  for (const restart of ['transient', 'temporary'] as const) {
    const home = await family(oneForAll({ backoff: IN_50_MS }), { a: {}, b: { cleanUpMs: 10 } })
    home.member('a').tell('fail')
    await home.runtime.advance(5)

    home.spawn('c', { restart })
    const answer = home.member('c').ask('add', 1)
    await home.runtime.advance(5)
    home.spawn('d')
    await home.runtime.advance(100)

    t.deepEqual(home.take(), ['b gone', 'a gone', 'a starts', 'b starts', 'c starts', 'd starts'])
    t.is(await answer, 1)
    t.is(home.count('actor-restarted'), 2)
  }
})

test('a set-up that fails in a restart of the cohort keeps those after it from starting, and is tried after 100 ms', async (t) => {
  const home = await family(oneForAll({ backoff: AT_ONCE }), { a: {}, b: { failingStarts: [2] }, c: {} })

  await home.fail('c')
  t.deepEqual(home.take(), ['c gone', 'b gone', 'a gone', 'a starts', 'b starts', 'a gone'])
  await home.runtime.advance(98)
  t.deepEqual(home.take(), [])
  await home.runtime.advance(2)

  t.deepEqual(home.take(), ['a starts', 'b starts', 'c starts'])
})

test('a cohort whose set-up always fails ends at its limit and does not loop', async (t) => {
  const failingStarts = Array.from({ length: 50 }, (_, i) => i + 2)
  const home = await family(oneForAll({ maxRestarts: 3, backoff: AT_ONCE }), { a: {}, b: { failingStarts } })

  await home.fail('a', 5_000)

  t.is(home.take().filter((line) => line === 'b starts').length, 3)
  t.is(home.count('restart-limit'), 1)
  t.deepEqual(home.context.children, [])
})

// Other directives

test('stop concerns the same ones as restart: they stop in reverse order, and the parent hears of it when all are gone', async (t) => {
  const rest = await family(restForOne({ decide: () => 'stop' }), { a: {}, b: {}, c: { cleanUpMs: 10 } })
  const slow = { cleanUpMs: 10 }
  const all = await family(oneForAll({ decide: () => 'stop' }), { a: slow, b: {}, c: slow })

  await rest.fail('b', 20)
  await all.fail('b', 30)

  t.deepEqual(rest.take(), ['c gone', 'b gone'])
  t.deepEqual(rest.failures, ['b: b failed, stop; left: a'])
  t.deepEqual(all.take(), ['c gone', 'b gone', 'a gone'])
  t.deepEqual(all.failures, ['b: b failed, stop; left: '])
})

test('resume concerns the failed one alone', async (t) => {
  const home = await family(oneForAll({ decide: () => 'resume' }), { a: {}, b: {} })
  await home.member('a').ask('add', 1)

  await home.fail('a')

  t.deepEqual(home.take(), [])
  t.is(await home.member('a').ask('add', 1), 2)
})

test('escalate stops the cohort and fails the parent; one that resumes hears of it when all are gone', async (t) => {
  const home = await family(
    oneForAll({ decide: () => 'escalate' }),
    { a: {}, b: {} },
    { supervise: oneForOne({ decide: () => 'resume' }) },
  )

  await home.fail('b')

  t.deepEqual(home.take(), ['b gone', 'a gone'])
  t.deepEqual(home.failures, ['b: b failed, escalate; left: '])
})

test('at the limit the cohort of a permanent member escalates, whoever failed', async (t) => {
  const home = await family(oneForAll({ maxRestarts: 0 }), { a: { restart: 'permanent' }, b: {} })

  await home.fail('b')

  t.deepEqual(home.take(), ['b gone', 'a gone', 'parent gone'])
  t.deepEqual(
    home.events.flatMap((event) => (event.type === 'actor-failed' ? [`${event.path} ${event.directive}`] : [])),
    ['/user/parent/b escalate', '/user/parent stop'],
  )
})

test('a permanent member that stops by itself restarts the cohort', async (t) => {
  const home = await family(oneForAll({ backoff: AT_ONCE }), { a: { restart: 'permanent' }, b: {} })

  home.member('a').tell('quit')
  await home.runtime.advance(1)

  t.deepEqual(home.take(), ['b gone', 'a gone', 'a starts', 'b starts'])
})

test('a cohort of one is a restart like any other', async (t) => {
  const home = await family(restForOne({ backoff: AT_ONCE }), { a: {} })

  await home.fail('a')

  t.deepEqual(home.take(), ['a gone', 'a starts'])
  t.is(home.count('cohort-restarting'), 0)
})

test('cohort-restarting and cohort-stopping say who failed, under which supervision, and how many go with it', async (t) => {
  const home = await family(restForOne({ maxRestarts: 1, backoff: AT_ONCE }), { a: {}, b: {}, c: {} })

  await home.fail('b')
  await home.fail('a')

  const event = { supervision: 'rest-for-one' } as const
  t.deepEqual(
    home.events.filter(({ type }) => type.startsWith('cohort')),
    [
      { type: 'cohort-restarting', path: '/user/parent/b', members: 2, ...event },
      { type: 'cohort-stopping', path: '/user/parent/a', members: 3, ...event },
    ],
  )
})
