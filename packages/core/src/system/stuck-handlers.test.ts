import test from 'ava'
import { actor } from '../actor/actor.ts'
import { protocol } from '../actor/protocol.ts'
import { createSystem } from '../create-system.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { realRuntime } from '../runtime/real.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { SystemEvent } from './events.ts'
import type { SystemOptions } from './system-options.ts'

interface Slow {
  wait: () => Promise<void>
  quick: () => Promise<void>
  go: () => void
}
const Slow = protocol<Slow>('slow')

async function start(options: Partial<SystemOptions> = {}) {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false, ...options })
  const stuck: Extract<SystemEvent, { type: 'stuck-handler' }>[] = []
  system.events.subscribe((event) => event.type === 'stuck-handler' && stuck.push(event))
  const gates: (() => void)[] = []
  const slow = actor(Slow, () => ({
    wait: () => new Promise<void>((resolve) => gates.push(resolve)),
    quick: async () => {},
    go: () => {},
  }))
  return { runtime, system, stuck, gates, ref: system.spawn(slow, { name: 'slow' }) }
}

test('a handler pending for more than 20 s is reported once, by path, message and what waits behind it', async (t) => {
  const { runtime, ref, stuck, gates } = await start()
  ref.tell('wait')
  ref.tell('go')

  await runtime.advance(19_999)
  t.is(stuck.length, 0)
  await runtime.advance(5_001)
  await runtime.advance(100_000)

  t.deepEqual(stuck, [{ type: 'stuck-handler', path: '/user/slow', message: 'wait', pendingMs: 20_000, queued: 1 }])
  // The next one is another handler, though it is the same actor's.
  gates[0]?.()
  ref.tell('wait')
  await runtime.advance(25_000)
  t.is(stuck.length, 2)
})

test('handlers that end in time are not reported, however many there are one after the other', async (t) => {
  const { runtime, ref, stuck, gates } = await start()

  for (let i = 0; i < 30; i++) {
    ref.tell('wait')
    ref.tell('quick')
    await runtime.advance(2_000)
    gates.pop()?.()
  }
  await runtime.advance(100_000)

  t.deepEqual(stuck, [])
})

test('a handler of an actor that has ended meanwhile is not reported', async (t) => {
  const { runtime, system, ref, stuck } = await start()
  ref.tell('wait')
  await runtime.settle()

  void system.stop(ref)
  await runtime.advance(60_000)

  t.deepEqual(stuck, [])
})

test('stuckHandlerMs sets the limit, and one timer looks after all handlers, only while one is pending', async (t) => {
  const runtime = manualRuntime()
  const background: number[] = []
  const counting: Runtime = {
    ...runtime,
    scheduler: {
      ...runtime.scheduler,
      after: (delayMs, task, isBackground) => {
        if (isBackground === true) background.push(delayMs)
        return runtime.scheduler.after(delayMs, task)
      },
    },
  }
  const { system, ref, stuck, gates } = await start({ runtime: counting, stuckHandlerMs: 400 })
  const others = Array.from({ length: 50 }, (_, i) =>
    system.spawn(
      actor('o', () => ({ hang: () => new Promise(() => {}) })),
      { name: `o${i}` },
    ),
  )
  ref.tell('go')
  await runtime.advance(1_000)
  t.deepEqual(background, [])

  ref.tell('wait')
  for (const other of others) other.tell('hang')
  await runtime.advance(400)

  t.is(stuck.length, 51)
  t.deepEqual(background, [100, 100, 100, 100, 100])
  for (const other of others) void system.stop(other)
  gates[0]?.()
  await runtime.advance(20_000)
  const looks = background.length
  await runtime.advance(20_000)
  t.is(background.length, looks)
})

test('slowTurnMs sets the time from which on a turn is reported as slow; without it that is 50 ms', async (t) => {
  for (const [slowTurnMs, tookMs, reports] of [
    [undefined, 49, 0],
    [undefined, 50, 1],
    [200, 199, 0],
    [10, 10, 1],
  ] as const) {
    const runtime = manualRuntime()
    let nowMs = 0
    const clock = { now: () => nowMs, wall: () => 0 }
    const slow: SystemEvent[] = []
    const system = await createSystem({
      name: 'a',
      runtime: { ...runtime, clock },
      log: false,
      ...(slowTurnMs && { slowTurnMs }),
    })
    system.events.subscribe((event) => event.type === 'slow-turn' && slow.push(event))
    const busy = actor('busy', () => ({
      work: () => {
        nowMs += tookMs
      },
    }))

    const ref = system.spawn(busy)
    await runtime.settle()
    ref.tell('work')
    await runtime.settle()

    t.is(slow.length, reports, `${slowTurnMs} ${tookMs}`)
  }
})

test('a timer in the background keeps no process alive', (t) => {
  const { scheduler } = realRuntime()
  const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length

  const timer = scheduler.after(60_000, () => {}, true)

  t.is(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length, before)
  timer.cancel()
})
