import test from 'ava'
import { interval, Subject, take } from 'rxjs'
import { type ActorSystem, actor, createSystem, oneForOne, protocol, type Ref, type SystemEvent } from '../index.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { events, type Output, type OutputOptions, observe, output, systemScheduler } from '../rx.ts'

// Across nodes: packages/transport-memory/src/rx.test.ts.

interface Sensor {
  celsius: Output<number>
  measure: (celsius: number) => void
  fail: () => void
  end: (error?: string) => void
  quit: () => void
  stall: () => Promise<void>
}
const Sensor = protocol<Sensor>('sensor')

const sensor = actor(Sensor, (ctx, options: OutputOptions) => {
  const celsius = output(ctx, 'celsius', options)
  return {
    celsius: celsius.handler,
    measure: (value) => celsius.next(value),
    fail: () => {
      throw new Error('broken')
    },
    end: (error) => (error === undefined ? celsius.complete() : celsius.error(new RangeError(error))),
    quit: () => ctx.stop(),
    stall: () => new Promise(() => {}),
  }
})

async function start() {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false })
  const letters: SystemEvent[] = []
  events(system, 'dead-letter').subscribe((letter) => letters.push(letter))
  const spawn = (options: OutputOptions = {}) =>
    system.spawn(sensor, { args: options, supervise: oneForOne({ maxRestarts: 1, backoff: { jitter: 0 } }) })
  return { runtime, system, spawn, letters }
}

/** What one subscription hears: values, then how it ended. */
function hear(system: ActorSystem, ref: Ref<Sensor>): { readonly heard: unknown[]; unsubscribe(): void } {
  const heard: unknown[] = []
  const subscription = observe(system, ref, 'celsius').subscribe({
    next: (value) => heard.push(value),
    error: (error) => heard.push(`${error.name}: ${error.reason ?? error.message}`),
    complete: () => heard.push('complete'),
  })
  return { heard, unsubscribe: () => subscription.unsubscribe() }
}

test('an observer sees what is published in answer to messages sent after it subscribed', async (t) => {
  const { runtime, system, spawn } = await start()
  const ref = spawn()

  ref.tell('measure', 1)
  const first = hear(system, ref)
  ref.tell('measure', 2)
  const second = hear(system, ref)
  ref.tell('measure', 3)
  await runtime.settle()

  t.deepEqual([first.heard, second.heard], [[2, 3], [3]])
})

test('an output completes when its actor stops, after all that it published', async (t) => {
  const { runtime, system, spawn, letters } = await start()
  const ref = spawn()
  const { heard } = hear(system, ref)

  ref.tell('measure', 1)
  ref.tell('quit')
  await runtime.settle()

  t.deepEqual(heard, [1, 'complete'])
  t.deepEqual(letters, [])
})

test('a restart is not seen: observers stay, and the new incarnation publishes to them', async (t) => {
  const { runtime, system, spawn, letters } = await start()
  const ref = spawn()
  const staying = hear(system, ref)
  const leaving = hear(system, ref)

  ref.tell('measure', 1)
  ref.tell('fail')
  await runtime.settle()
  leaving.unsubscribe()
  ref.tell('measure', 2)
  await runtime.advance(1_000)
  ref.tell('measure', 3)
  await runtime.settle()
  ref.tell('quit')
  await runtime.settle()

  t.deepEqual([staying.heard, leaving.heard], [[1, 2, 3, 'complete'], [1]])
  t.deepEqual(letters, [])
})

test('an output fails with ACTOR_ENDED when its actor fails for good, is killed, or is gone already', async (t) => {
  const { runtime, system, spawn } = await start()
  const fragile = spawn()
  const stalled = system.spawn(sensor, { args: {}, stopTimeoutMs: 10 })
  const failing = hear(system, fragile)
  const killed = hear(system, stalled)

  fragile.tell('fail')
  await runtime.advance(1_000)
  fragile.tell('fail')
  stalled.tell('stall')
  await runtime.settle()
  void system.stop(stalled)
  await runtime.advance(1_000)
  const late = hear(system, fragile)
  await runtime.settle()

  const ended = [failing, killed, late].map(({ heard }) => heard)
  t.deepEqual(
    ended,
    ['failed', 'killed', 'not-found'].map((reason) => [`ActorEndedError: ${reason}`]),
  )
})

test('an actor without such an output fails the subscription at once', async (t) => {
  const { runtime, system } = await start()
  const deaf = system.spawn(actor('deaf', () => ({}))) as Ref<object> as Ref<Sensor>

  const { heard } = hear(system, deaf)
  await runtime.settle()

  t.deepEqual(heard, ['AskError: unhandled'])
})

test('an output may complete or fail by itself: its actor goes on, and whoever comes late is told the same', async (t) => {
  const { runtime, system, spawn } = await start()
  const completing = spawn({ replay: 1 })
  const failing = spawn()
  const early = [hear(system, completing), hear(system, failing)]

  completing.tell('measure', 1)
  completing.tell('end')
  failing.tell('end', 'too hot')
  await runtime.settle()
  const late = [hear(system, completing), hear(system, failing)]
  completing.tell('measure', 2)
  await runtime.settle()

  t.deepEqual(
    early.map(({ heard }) => heard),
    [[1, 'complete'], ['RangeError: too hot']],
  )
  t.deepEqual(
    late.map(({ heard }) => heard),
    [['complete'], ['RangeError: too hot']],
  )
})

test('replay gives whoever joins the last values first', async (t) => {
  const { runtime, system, spawn } = await start()
  const ref = spawn({ replay: 2 })

  for (const value of [1, 2, 3]) ref.tell('measure', value)
  const { heard } = hear(system, ref)
  ref.tell('measure', 4)
  await runtime.settle()

  t.deepEqual(heard, [2, 3, 4])
})

test('the actor is told how many observe whenever that changes, and after a restart', async (t) => {
  const { runtime, system, spawn, letters } = await start()
  const counts: number[] = []
  const ref = spawn({ onObservers: (count) => counts.push(count) })
  await runtime.settle()

  const first = hear(system, ref)
  const second = hear(system, ref)
  await runtime.settle()
  first.unsubscribe()
  await runtime.settle()
  ref.tell('fail')
  await runtime.advance(1_000)
  second.unsubscribe()
  await runtime.settle()

  t.deepEqual(counts, [1, 2, 1, 1, 0])
  t.deepEqual(letters, [])
})

test('unsubscribing leaves no actor and no dead letter behind, whatever is under way', async (t) => {
  const { runtime, system, spawn, letters } = await start()
  const ref = spawn()
  const heard: number[] = []
  const started: string[] = []
  const gone: string[] = []
  const spawnAny: ActorSystem['spawn'] = system.spawn.bind(system)
  system.spawn = ((...args: Parameters<typeof spawnAny>) => {
    const ear = spawnAny(...args)
    started.push(ear.path)
    const ended = actor(protocol<{ ended: (path: string) => void }>('undertaker'), (ctx) => {
      ctx.watch(ear, 'ended', ear.path)
      return { ended: (path) => void gone.push(path) }
    })
    spawnAny(ended)
    return ear
  }) as typeof spawnAny

  observe(system, ref, 'celsius')
    .pipe(take(2))
    .subscribe((value) => heard.push(value))
  observe(system, ref, 'celsius').subscribe().unsubscribe()
  for (let value = 1; value <= 500; value++) ref.tell('measure', value)
  await runtime.settle()

  t.deepEqual([heard, letters], [[1, 2], []])
  t.is(started.length, 2)
  t.deepEqual(gone.sort(), started.sort())
})

test('a subscription completes when the system stops, and on one that has stopped', async (t) => {
  const { runtime, system, spawn } = await start()
  const ref = spawn()
  const before = hear(system, ref)
  await runtime.settle()

  void system.stop()
  const during = hear(system, ref)
  await runtime.settle()
  const after = hear(system, ref)

  t.deepEqual([before.heard, during.heard, after.heard], [['complete'], ['complete'], ['complete']])
})

test('a subscriber joins in the end though the actor is too busy to answer in time', async (t) => {
  const { runtime, system } = await start()
  let goOn = (): void => {}
  interface Busy {
    values: Output<string>
    work: () => Promise<void>
    say: (text: string) => void
  }
  const busy = system.spawn(
    actor(protocol<Busy>('busy'), (ctx) => {
      const values = output(ctx, 'values')
      return {
        values: values.handler,
        work: () => new Promise<void>((resolve) => (goOn = resolve)),
        say: (text) => values.next(text),
      }
    }),
  )
  const heard: string[] = []

  busy.tell('work')
  observe(system, busy, 'values').subscribe((text) => heard.push(text))
  await runtime.advance(20_000)
  goOn()
  await runtime.advance(2_000)
  busy.tell('say', 'hello')
  await runtime.settle()

  t.deepEqual(heard, ['hello'])
})

test('an output is an Observer itself, and takes no harm from a source that outlives its actor', async (t) => {
  const { runtime, system } = await start()
  interface Clock {
    ticks: Output<number>
    quit: () => void
  }
  const source = new Subject<number>()
  const clock = system.spawn(
    actor(protocol<Clock>('clock'), (ctx) => {
      const ticks = output(ctx, 'ticks')
      interval(10, systemScheduler(system)).subscribe(ticks)
      source.subscribe(ticks)
      return { ticks: ticks.handler, quit: () => ctx.stop() }
    }),
  )
  const heard: unknown[] = []

  observe(system, clock, 'ticks').subscribe({
    next: (value) => heard.push(value),
    complete: () => heard.push('complete'),
  })
  await runtime.advance(25)
  clock.tell('quit')
  await runtime.advance(100)
  source.next(7)
  source.complete()
  await runtime.settle()

  t.deepEqual(heard, [0, 1, 'complete'])
})

test('a handler left over from before a restart publishes nothing', async (t) => {
  const { runtime, system } = await start()
  let goOn = (): void => {}
  interface Slow {
    values: Output<string>
    work: () => Promise<void>
    say: (text: string) => void
  }
  const slow = actor(protocol<Slow>('slow'), (ctx) => {
    const values = output(ctx, 'values')
    return {
      values: values.handler,
      work: async () => {
        ctx.pipe(Promise.reject(new Error('on purpose')), 'say')
        await new Promise<void>((resolve) => (goOn = resolve))
        values.next('from the past')
        values.complete()
      },
      say: (text) => values.next(text),
    }
  })
  const ref = system.spawn(slow, { supervise: oneForOne(), stopTimeoutMs: 10 })
  const heard: string[] = []
  observe(system, ref, 'values').subscribe((text) => heard.push(text))

  ref.tell('work')
  await runtime.advance(1_000)
  goOn()
  await runtime.settle()
  ref.tell('say', 'from the present')
  await runtime.settle()

  t.deepEqual(heard, ['from the present'])
})

test('options of an output are checked at the door', async (t) => {
  const { runtime, system } = await start()
  const errors: string[] = []
  events(system, 'actor-failed').subscribe(({ error }) => errors.push(error.message))

  system.spawn(sensor, { args: { replay: -1 } })
  system.spawn(sensor, { args: { replays: 1 } as object })
  await runtime.settle()

  t.deepEqual(errors, [
    'output: option "replay" must be an integer of at least 0, got -1',
    'output: unknown option "replays"; did you mean "replay"?',
  ])
})
