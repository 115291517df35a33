import test from 'ava'
import {
  debounceTime,
  delay,
  interval,
  map,
  of,
  type SchedulerAction,
  Subject,
  take,
  throttleTime,
  throwError,
  timeout,
  timer,
  timestamp,
} from 'rxjs'
import { createSystem, type LogSink } from '../index.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { systemScheduler } from '../rx.ts'

async function start(log: LogSink | false = false) {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log })
  const scheduler = systemScheduler(system)
  const got: unknown[] = []
  const note = (value: unknown): void => void got.push([value, system.clock.now()])
  return { runtime, system, scheduler, got, note }
}

test('interval, timer and delay run on the time of the system', async (t) => {
  const { runtime, scheduler, got, note } = await start()

  interval(100, scheduler).pipe(take(3)).subscribe(note)
  timer(50, scheduler).subscribe(() => note('timer'))
  of('delayed').pipe(delay(120, scheduler)).subscribe(note)
  await runtime.advance(99)
  t.deepEqual(got, [['timer', 50]])
  await runtime.advance(10_000)

  t.deepEqual(got.slice(1), [
    [0, 100],
    ['delayed', 120],
    [1, 200],
    [2, 300],
  ])
})

test('debounceTime and throttleTime run on the time of the system', async (t) => {
  const { runtime, scheduler, got, note } = await start()
  const source = new Subject<string>()
  source.pipe(debounceTime(100, scheduler)).subscribe((value) => note(`debounced ${value}`))
  source.pipe(throttleTime(100, scheduler)).subscribe((value) => note(`throttled ${value}`))

  for (const value of ['a', 'b', 'c']) {
    source.next(value)
    await runtime.advance(60)
  }
  await runtime.advance(1_000)

  t.deepEqual(got, [
    ['throttled a', 0],
    ['throttled c', 120],
    ['debounced c', 220],
  ])
})

test('timeout runs on the time of the system, with a delay or a date', async (t) => {
  const { runtime, scheduler, got, note } = await start()
  const silent = new Subject<never>()
  const toLate = { with: () => throwError(() => new Error('too late')), scheduler }
  const error = (thrown: Error): void => note(thrown.message)

  silent.pipe(timeout({ ...toLate, each: 30 })).subscribe({ error })
  silent.pipe(timeout({ ...toLate, first: new Date(scheduler.now() + 70) })).subscribe({ error })
  await runtime.advance(1_000)

  t.deepEqual(got, [
    ['too late', 30],
    ['too late', 70],
  ])
})

test('now is the time since 1970, moves with the system, and does not follow a wall clock that is set', async (t) => {
  const runtime = manualRuntime()
  let setMs = 0
  const { now, wall } = runtime.clock
  const clock = { now, wall: () => wall() + setMs }
  const system = await createSystem({ name: 'a', runtime: { ...runtime, clock }, log: false })
  const scheduler = systemScheduler(system)
  const startMs = wall()
  const stamps: number[] = []
  const stamp = (): void => {
    of(1)
      .pipe(
        timestamp(scheduler),
        map((stamped) => stamped.timestamp),
      )
      .subscribe((ms) => stamps.push(ms - startMs))
  }

  stamp()
  await runtime.advance(40)
  setMs = -5_000_000
  stamp()

  t.deepEqual(stamps, [0, 40])
})

test('an action passes its state on, may schedule itself anew, and runs no more once unsubscribed', async (t) => {
  const { runtime, scheduler, got, note } = await start()
  const countDown = function (this: SchedulerAction<number>, left: number): void {
    note(left)
    if (left > 0) this.schedule(left - 1, 10)
  }

  scheduler.schedule(countDown, 5, 2)
  scheduler.schedule(() => note('at once'))
  const twice = scheduler.schedule(() => note('twice'), 15) as SchedulerAction<unknown>
  twice.schedule(undefined, 18)
  const ended = scheduler.schedule(countDown, 30, 5)
  await runtime.advance(45)
  ended.unsubscribe()
  twice.unsubscribe()
  twice.schedule(undefined, 1)
  await runtime.advance(1_000)

  t.deepEqual(got, [
    ['at once', 0],
    [2, 5],
    [1, 15],
    ['twice', 18],
    [0, 25],
    [5, 30],
    [4, 40],
  ])
})

test('work that throws goes to the log of the system and is not repeated', async (t) => {
  const lines: string[] = []
  const { runtime, scheduler, note, got } = await start((_level, _path, message, data) => {
    lines.push(`${message}: ${String(data)}`)
  })

  const failing = scheduler.schedule(function (this: SchedulerAction<unknown>) {
    this.schedule(undefined, 10)
    throw new Error('on purpose')
  }, 10)
  scheduler.schedule(() => note('still here'), 10)
  await runtime.advance(100)

  t.deepEqual(lines, ['a task of system.after threw: Error: on purpose'])
  t.deepEqual([got, failing.closed], [[['still here', 10]], true])
})

test('nothing that was scheduled runs once the system has stopped', async (t) => {
  const { runtime, system, scheduler, got, note } = await start()
  interval(10, scheduler).subscribe(note)
  await runtime.advance(15)

  void system.stop()
  await runtime.settle()
  scheduler.schedule(() => note('late'), 1)
  await runtime.advance(1_000)

  t.deepEqual(got, [[0, 10]])
})
