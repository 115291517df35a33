import test from 'ava'
import fc from 'fast-check'
import { createSystem } from '../create-system.ts'
import { InvalidOptionError, StaleContextError } from '../errors.ts'
import { type ManualRuntime, manualRuntime } from '../runtime/manual.ts'
import { oneForOne } from '../supervision/one-for-one.ts'
import type { ActorSystem } from '../system/actor-system.ts'
import type { SystemEvent } from '../system/events.ts'
import { timePasses } from '../testing/world.ts'
import { actor } from './actor.ts'
import type { Context } from './context.ts'
import type { KeyedTimer } from './keyed-timer.ts'
import { protocol } from './protocol.ts'

interface Timed {
  mark: (what: string) => void
  run: (action: (context: Context<Timed>) => void) => void
  block: (ms: number) => Promise<void>
}

test('starting a keyed timer again replaces it: only the last one sends', async (t) => {
  const { runtime, marks, run } = await world()
  run((context) => {
    context.timer('k').after(10, 'mark', 'first')
    context.timer('k').after(30, 'mark', 'second')
    context.timer('other').every(20, 'mark', 'other')
    context.timer('k2').every(5, 'mark', 'never')
    context.timer('k2').after(25, 'mark', 'once')
  })

  await runtime.advance(40)

  t.deepEqual(marks, ['other 20', 'once 25', 'second 30', 'other 40'])
})

test('a tick of a keyed timer that is queued already is not handled once the timer is started again or cancelled', async (t) => {
  for (const action of ['restart', 'cancel'] as const) {
    const { runtime, marks, run, ref } = await world()
    run((context) => context.timer('k').after(10, 'mark', 'old'))
    await runtime.settle()
    ref.tell('block', 20)
    run((context) => {
      if (action === 'cancel') context.timer('k').cancel()
      else context.timer('k').after(10, 'mark', 'new')
    })

    await runtime.advance(100)

    t.deepEqual(marks, action === 'cancel' ? [] : ['new 30'])
  }
  for (const action of ['restart', 'cancel'] as const) {
    const { runtime, marks, run } = await world()
    run((context) => {
      context.timer('k').after(10, 'mark', 'old')
      // Within one handler: due while it waits, called off before it ends.
      const work = async (): Promise<void> => {
        await timePasses(runtime, 20)
        if (action === 'cancel') context.timer('k').cancel()
        else context.timer('k').after(10, 'mark', 'new')
      }
      return work()
    })

    await runtime.advance(100)

    t.deepEqual(marks, action === 'cancel' ? [] : ['new 30'])
  }
})

test('a keyed timer is active from its start until its message is handled or it is cancelled', async (t) => {
  const { runtime, run } = await world()
  const seen: boolean[] = []
  let timer: KeyedTimer<Timed> | undefined
  run((context) => {
    timer = context.timer('k')
    seen.push(timer.active)
    timer.after(10, 'run', () => seen.push(context.timer('k').active))
    seen.push(timer.active)
  })
  await runtime.advance(9)
  seen.push(timer?.active === true)
  await runtime.advance(1)
  timer?.every(10, 'mark', 'tick')
  await runtime.advance(50)
  seen.push(timer?.active === true)
  timer?.cancel()
  timer?.cancel()
  seen.push(timer?.active === true)

  t.deepEqual(seen, [false, true, true, false, true, false])
})

test('ticks of a keyed timer do not pile up behind a slow handler', async (t) => {
  const { runtime, marks, run, ref } = await world()
  run((context) => context.timer('k').every(10, 'mark', 'tick'))
  await runtime.settle()
  ref.tell('block', 95)

  await runtime.advance(96)

  t.deepEqual(marks, ['tick 95'])
})

test('a delay that is no number is refused and leaves the timer as it was; a key is a string', async (t) => {
  const { runtime, marks, run } = await world()
  const errors: unknown[] = []
  run((context) => {
    context.timer('k').after(10, 'mark', 'kept')
    for (const action of [
      () => context.timer('k').after(Number.NaN, 'mark', 'never'),
      () => context.timer(1 as never),
    ]) {
      try {
        action()
      } catch (error) {
        errors.push(error)
      }
    }
  })

  await runtime.advance(10)

  t.deepEqual(marks, ['kept 10'])
  t.true(errors[0] instanceof RangeError)
  t.true(errors[1] instanceof InvalidOptionError)
})

test('a restart ends keyed timers and their keys: an old one can start nothing', async (t) => {
  const { runtime, marks, run, ref, events } = await world()
  let old: KeyedTimer<Timed> | undefined
  run((context) => {
    old = context.timer('k')
    old.every(10, 'mark', 'old')
    context.timer('tick').after(5, 'mark', 'tick queued')
  })
  await runtime.settle()
  ref.tell('run', async () => {
    await timePasses(runtime, 7)
    throw new Error('over')
  })
  await runtime.advance(8)

  t.throws(() => old?.after(1, 'mark', 'zombie'), { instanceOf: StaleContextError })
  t.notThrows(() => old?.cancel())
  t.false(old?.active)
  run((context) => context.timer('k').after(5, 'mark', 'new'))
  await runtime.advance(50)

  t.deepEqual(marks, ['new 13'])
  t.deepEqual(
    events.filter((event) => event.type === 'stale-context'),
    [{ type: 'stale-context', path: ref.path, action: 'timer' }],
  )
})

test('keyed timers do what a plain list of deadlines does', async (t) => {
  const key = fc.constantFrom('a', 'b', 'c')
  const step = fc.oneof(
    fc.record({ do: fc.constant('after' as const), key, ms: fc.integer({ min: 0, max: 20 }) }),
    fc.record({ do: fc.constant('every' as const), key, ms: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ do: fc.constant('cancel' as const), key }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 15 }) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { runtime, marks, run } = await world()
      const twin = new Map<string, { due: number; period: number; label: string }>()
      const expected: string[] = []
      let nowMs = 0
      const pass = async (ms: number): Promise<void> => {
        const until = nowMs + ms
        for (; nowMs <= until; nowMs++) {
          for (const [name, timer] of [...twin]) {
            if (timer.due !== nowMs) continue
            expected.push(`${timer.label} ${nowMs}`)
            if (timer.period > 0) timer.due += timer.period
            else twin.delete(name)
          }
        }
        nowMs = until
        await runtime.advance(ms)
      }

      for (const [i, s] of steps.entries()) {
        if (s.do === 'wait') {
          await pass(s.ms)
          continue
        }
        run((context) => {
          const timer = context.timer(s.key)
          if (s.do === 'cancel') timer.cancel()
          else timer[s.do](s.ms, 'mark', `${s.key}${i}`)
        })
        // The message is handled before time goes on; what is due at once is seen at the next step.
        await drained()
        if (s.do === 'cancel') twin.delete(s.key)
        else twin.set(s.key, { due: nowMs + s.ms, period: s.do === 'every' ? s.ms : 0, label: `${s.key}${i}` })
        await pass(0)
      }
      await pass(50)

      t.deepEqual([...marks].sort(byTime), [...expected].sort(byTime))
    }),
    { numRuns: 100 },
  )
})

// Pieces of these tests

/** Of what happens at one instant, the order is that of the timers, which the twin does not know. */
function byTime(a: string, b: string): number {
  const [x = '', at = '0'] = a.split(' ')
  const [y = '', bt = '0'] = b.split(' ')
  return Number(at) - Number(bt) || (x < y ? -1 : 1)
}

async function drained(): Promise<void> {
  for (let i = 0; i < 10; i++) await null
}

interface World {
  readonly runtime: ManualRuntime
  readonly system: ActorSystem
  readonly events: SystemEvent[]
  readonly marks: string[]
  readonly ref: ReturnType<ActorSystem['spawn']> & { tell: (name: keyof Timed, payload: unknown) => boolean }
  run(action: (context: Context<Timed>) => unknown): void
}

async function world(): Promise<World> {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false })
  const events: SystemEvent[] = []
  system.events.subscribe((event) => events.push(event))
  const marks: string[] = []
  const ref = system.spawn(
    actor(protocol<Timed>('timed'), (context) => ({
      mark: (what) => void marks.push(`${what} ${context.clock.now()}`),
      run: (action) => action(context),
      block: (ms) => timePasses(runtime, ms),
    })),
    { supervise: oneForOne({ backoff: { minMs: 0, maxMs: 0 } }) },
  )
  return { runtime, system, events, marks, ref: ref as World['ref'], run: (action) => void ref.tell('run', action) }
}
