import test from 'ava'
import { oneForOne } from '../supervision/one-for-one.ts'
import { refusal, timePasses, world } from '../testing/world.ts'
import { actor } from './actor.ts'
import { protocol } from './protocol.ts'

interface Worker {
  start: (work: (signal: AbortSignal) => unknown) => string
  fail: () => void
  ping: () => string
}

const worker = actor(protocol<Worker>('worker'), (context) => ({
  start: (work) => {
    context.task(work)
    return 'started'
  },
  fail: () => {
    throw new Error('boom')
  },
  ping: () => 'pong',
}))

test('a task runs beside the mailbox, and what it returns is dropped', async (t) => {
  const { runtime, system, events } = await world()
  const ref = system.spawn(worker)
  const log: string[] = []

  const started = await ref.ask('start', async () => {
    log.push('begun')
    await timePasses(runtime, 10)
    log.push('done')
    return 'nobody hears this'
  })
  t.is(started, 'started')
  t.is(await ref.ask('ping'), 'pong')
  t.deepEqual(log, ['begun'])
  await runtime.advance(10)

  t.deepEqual(log, ['begun', 'done'])
  t.deepEqual(events, [])
})

test('a task that throws or rejects fails its actor, as its supervision has it; the handler that began it has answered', async (t) => {
  for (const how of ['throw', 'reject', 'later'] as const) {
    const { runtime, system, events } = await world()
    const ref = system.spawn(worker, { supervise: oneForOne({ backoff: { minMs: 0, maxMs: 0 } }) })

    const started = ref.ask('start', () => {
      if (how === 'throw') throw new Error('lost')
      return how === 'reject' ? Promise.reject(new Error('lost')) : timePasses(runtime, 5).then(lose)
    })
    t.is(await started, 'started')
    await runtime.advance(10)

    t.like(events, [{ type: 'actor-failed', path: ref.path, error: { message: 'lost' }, directive: 'restart' }])
    t.is(await ref.ask('ping'), 'pong')
  }
})

test("the signal of a task is aborted when its incarnation is to end, and its failure afterwards is nobody's", async (t) => {
  for (const end of ['fail', 'stop'] as const) {
    const { runtime, system, events } = await world()
    const ref = system.spawn(worker, { supervise: oneForOne({ backoff: { minMs: 0, maxMs: 0 } }) })
    let signal: AbortSignal | undefined
    await ref.ask('start', (own: AbortSignal) => {
      signal = own
      return new Promise((_, reject) => own.addEventListener('abort', () => reject(new Error('aborted'))))
    })
    await ref.ask('start', () => timePasses(runtime, 50).then(lose))
    t.false(signal?.aborted)

    if (end === 'fail') ref.tell('fail')
    else void system.stop(ref)
    await runtime.advance(100)

    t.true(signal?.aborted)
    t.is(events.filter((event) => event.type === 'actor-failed').length, end === 'fail' ? 1 : 0)
    if (end === 'fail') t.is(await ref.ask('ping'), 'pong')
    else t.is((await refusal(t, ref.ask('ping'))).reason, 'stopped')
  }
})

test('a restart draws other numbers than the incarnation before, and the same again in a run with the same seed', async (t) => {
  const run = async (): Promise<number[][]> => {
    const { runtime, system } = await world()
    const drawn: number[][] = []
    const ref = system.spawn(
      actor('drawer', ({ random }) => {
        drawn.push([random.next(), random.next(), random.next()])
        return {
          fail: () => {
            throw new Error('boom')
          },
        }
      }),
      { name: 'drawer', supervise: oneForOne({ backoff: { minMs: 0, maxMs: 0 } }) },
    )
    for (let i = 0; i < 3; i++) {
      ref.tell('fail')
      await runtime.advance(1)
    }
    return drawn
  }

  const first = await run()

  t.is(first.length, 4)
  t.is(new Set(first.flat()).size, 12)
  t.deepEqual(await run(), first)
})

// Pieces of these tests

function lose(): never {
  throw new Error('lost')
}
