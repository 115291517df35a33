import test from 'ava'
import { actor } from '../actor/actor.ts'
import { protocol } from '../actor/protocol.ts'
import type { Ref } from '../actor/ref.ts'
import type { Deferred } from '../actor/reply.ts'
import type { Terminated } from '../actor/terminated.ts'
import { createSystem } from '../create-system.ts'
import { priority } from '../mailbox/priority.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { behaviourContract } from '../testing/behaviour-contract.ts'
import type { SystemEvent } from './events.ts'
import type { InterceptedMessage, Interceptor } from './interceptor.ts'

behaviourContract(
  test,
  'one node, intercepted',
  async () => {
    const nothing = { sent: () => {}, handling: () => {}, handled: () => {}, dropped: () => {} }
    const system = await createSystem({ name: 'one', log: false, interceptors: [nothing] })
    return { here: system, there: system, close: () => system.stop() }
  },
  { oneNode: true },
)

interface Worker {
  work: (n: number) => void
  wait: (ms: number) => Promise<void>
  fail: (text: string) => void
  refuse: () => void
  defer: () => Deferred<number>
  give: () => void
  call: (to: Ref<Worker>) => void
}

interface Watching {
  gone: (notice: Terminated) => void
  tick: () => void
  quiet: () => void
}
const Worker = protocol<Worker>('worker')

const workers = (after: (delayMs: number, task: () => void) => void) =>
  actor(Worker, (ctx) => {
    const owed: Deferred<number>[] = []
    return {
      work: () => {},
      wait: (ms) => new Promise<void>((resolve) => after(ms, resolve)),
      fail: (text) => {
        throw new Error(text)
      },
      refuse: () => void ctx.replyError(new Error('no')),
      defer: () => {
        const reply = ctx.reply<number>()
        owed.push(reply)
        return reply
      },
      give: () => owed.shift()?.resolve(1),
      call: (to) => void to.tell('work', 7),
    }
  })

async function start(interceptors: readonly Interceptor[]) {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false, interceptors })
  const worker = workers((delayMs, task) => void runtime.scheduler.after(delayMs, task))
  const events: SystemEvent[] = []
  system.events.subscribe((event) => events.push(event))
  return { runtime, system, events, worker, ref: system.spawn(worker, { name: 'w', supervise: RESUME }) }
}
const RESUME = { name: 'resume', supervise: () => ({ decide: () => ({ directive: 'resume', delayMs: 0 }) }) } as never

/** Writes down each step in a line. */
function recorder(lines: string[], prefix = ''): Interceptor {
  const say = (step: string, { kind, target, name }: InterceptedMessage, more = ''): void => {
    lines.push(`${prefix}${step} ${kind} ${target} ${name}${more}`)
  }
  return {
    name: `recorder ${prefix}`,
    sent: (message) => say('sent', message),
    handling: (message) => say('handling', message),
    handled: (message, { outcome, tookMs, error }) =>
      say('handled', message, ` ${outcome} ${tookMs} ${error?.message ?? '-'}`),
    dropped: (message, reason) => say('dropped', message, ` ${reason}`),
  }
}

test('an interceptor sees tells, asks and own messages from the sending to the end, with duration and outcome', async (t) => {
  const lines: string[] = []
  const { runtime, ref } = await start([recorder(lines)])
  const step = async (expected: readonly string[]): Promise<void> => {
    await runtime.settle()
    t.deepEqual(lines.splice(0), expected)
  }

  ref.tell('work', 1)
  await step(['sent tell /user/w work', 'handling tell /user/w work', 'handled tell /user/w work completed 0 -'])

  void ref.ask('wait', 30)
  await runtime.advance(30)
  await step(['sent ask /user/w wait', 'handling ask /user/w wait', 'handled ask /user/w wait completed 30 -'])

  ref.tell('fail', 'oh')
  await step(['sent tell /user/w fail', 'handling tell /user/w fail', 'handled tell /user/w fail failed 0 oh'])

  void ref.ask('refuse').catch(() => {})
  await step(['sent ask /user/w refuse', 'handling ask /user/w refuse', 'handled ask /user/w refuse refused 0 no'])

  const deferred = ref.ask('defer')
  await step(['sent ask /user/w defer', 'handling ask /user/w defer', 'handled ask /user/w defer completed 0 -'])
  ref.tell('give')
  await runtime.settle()
  t.is(await deferred, 1)
})

test('a watch notice and a tick are own messages; a tick called off and an ask that timed out are dropped as called-off', async (t) => {
  const lines: string[] = []
  const { runtime, system, ref } = await start([recorder(lines)])
  const watching = actor(protocol<Watching>('watching'), (ctx) => {
    ctx.watch(ref, 'gone')
    const timer = ctx.after(5, 'tick')
    ctx.after(5, 'tick').cancel()
    return { gone: () => {}, tick: () => {}, quiet: () => timer.cancel() }
  })
  const other = system.spawn(watching, { name: 'o' })
  await runtime.settle()

  system.suspend(other)
  await runtime.advance(5)
  void other.ask('quiet', undefined, { timeoutMs: 10 }).catch(() => {})
  void system.stop(ref)
  await runtime.advance(20)
  lines.splice(0)
  system.resume(other)
  await runtime.settle()

  t.deepEqual(lines, [
    'handling own /user/o tick',
    'handled own /user/o tick completed 0 -',
    'dropped ask /user/o quiet called-off',
    'handling own /user/o gone',
    'handled own /user/o gone completed 0 -',
  ])
})

test('a message that becomes a dead letter is dropped with that reason, and is still a dead letter', async (t) => {
  const lines: string[] = []
  const { runtime, system, ref, events } = await start([recorder(lines)])
  await runtime.settle()
  const loose = ref as Ref<never> as Ref<{ nothing: () => void }>

  loose.tell('nothing')
  await runtime.settle()
  t.deepEqual(lines.splice(0), [
    'sent tell /user/w nothing',
    'handling tell /user/w nothing',
    'dropped tell /user/w nothing unhandled',
  ])
  ref.tell('work', 1)
  void system.stop(ref)
  ref.tell('work', 2)
  await runtime.settle()

  t.deepEqual(lines.filter((line) => line.startsWith('dropped')).length, 2)
  t.is(events.filter(({ type }) => type === 'dead-letter').length, 3)
})

test('a tell that a full mailbox turns down still returns false and is no dead letter; interceptors see it dropped', async (t) => {
  const lines: string[] = []
  const { system, events, worker } = await start([recorder(lines)])
  const full = {
    size: 0,
    full: true,
    head: undefined,
    payload: undefined,
    push: () => 'rejected' as const,
    take: () => false,
    forget: () => {},
  }
  const ref = system.spawn(worker, { name: 'f', mailbox: { name: 'full', create: () => full } })

  t.false(ref.tell('work', 1))
  await t.throwsAsync(ref.ask('refuse'), { message: /mailbox is full/ })

  t.deepEqual(lines, [
    'sent tell /user/f work',
    'dropped tell /user/f work mailbox-full',
    'sent ask /user/f refuse',
    'dropped ask /user/f refuse mailbox-full',
  ])
  t.deepEqual(
    events.map((event) => event.type === 'dead-letter' && event.message),
    ['refuse'],
  )
})

test('a handler whose actor is killed ends as abandoned, and an answer given later changes nothing', async (t) => {
  const lines: string[] = []
  const { runtime, system, ref } = await start([recorder(lines)])
  void ref.ask('wait', 60_000).catch(() => {})
  await runtime.settle()

  void system.stop(ref)
  await runtime.advance(120_000)

  t.deepEqual(lines.slice(2), ['handled ask /user/w wait abandoned 5000 -'])
})

test('the first interceptor is told first of what begins and last of what ends', async (t) => {
  const lines: string[] = []
  const { runtime, ref } = await start([recorder(lines, '1 '), recorder(lines, '2 ')])

  ref.tell('work', 1)
  await runtime.settle()

  t.deepEqual(
    lines.map((line) => line.slice(0, 6)),
    ['1 sent', '2 sent', '1 hand', '2 hand', '2 hand', '1 hand'],
  )
})

test('an interceptor that throws is reported, and neither the message nor the other interceptors suffer', async (t) => {
  const lines: string[] = []
  const bad: Interceptor = {
    sent: () => {
      throw new Error('in sent')
    },
    handled: () => {
      throw new Error('in handled')
    },
  }
  const { runtime, ref, events } = await start([bad, recorder(lines)])

  ref.tell('work', 1)
  await runtime.settle()

  t.is(lines.length, 3)
  t.deepEqual(
    events.map((event) => event.type === 'interceptor-failed' && [event.interceptor, event.step, event.error.message]),
    [
      ['interceptor 1', 'sent', 'in sent'],
      ['interceptor 1', 'handled', 'in handled'],
    ],
  )
})

test('a watch notice still comes after all that was queued before it in a priority mailbox', async (t) => {
  const { runtime, system, ref } = await start([{}])
  const order: string[] = []
  const watching = actor(protocol<Watching>('watching'), (ctx) => {
    ctx.watch(ref, 'gone')
    return { gone: () => order.push('gone'), tick: () => {}, quiet: () => order.push('quiet') }
  })
  const urgent = priority({ of: (name) => (name === 'gone' ? 0 : 1) })
  const other = system.spawn(watching, { mailbox: urgent })
  await runtime.settle()
  system.suspend(other)
  other.tell('quiet')
  void system.stop(ref)
  await runtime.settle()

  system.resume(other)
  await runtime.settle()

  t.deepEqual(order, ['quiet', 'gone'])
})

test('a message knows the one during whose handling it was sent; what an interceptor sends is not shown to any', async (t) => {
  const seen: InterceptedMessage[] = []
  const spying: Interceptor = {
    sent: (message) => {
      seen.push(message)
      log.tell('work', 1)
    },
  }
  const { runtime, system, ref, worker } = await start([spying])
  const log = system.spawn(worker, { name: 'log' })
  const target = system.spawn(worker, { name: 'target' })

  ref.tell('call', target)
  await runtime.settle()
  ref.tell('work', 2)
  await runtime.settle()

  t.deepEqual(
    seen.map(({ id, causeId, target, name, payload }) => [id, causeId, target, name, payload]),
    [
      [1, null, '/user/w', 'call', target],
      [2, 1, '/user/target', 'work', 7],
      [3, null, '/user/w', 'work', 2],
    ],
  )
})

test('an interceptor may be told of any part of this, and each must be an object', async (t) => {
  const { runtime, ref } = await start([{}])
  ref.tell('work', 1)
  const answer = ref.ask('refuse')
  answer.catch(() => {})
  await runtime.settle()

  await t.throwsAsync(answer, { code: 'ASK_FAILED' })
  await t.throwsAsync(createSystem({ name: 'a', interceptors: [1] as never }), { message: /an array of interceptors/ })
})
