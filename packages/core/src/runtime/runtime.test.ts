import { isDeepStrictEqual } from 'node:util'
import test from 'ava'
import fc from 'fast-check'
import { nanoidFrom } from './ids.ts'
import { manualRuntime } from './manual.ts'
import { drawBelow, hash32, SeededRandom } from './random.ts'
import { realRuntime } from './real.ts'
import { Deadline, TimerQueue, type Uncounted } from './timer-queue.ts'

// Chance

test('equal seeds draw equal numbers, today and in every later version', (t) => {
  const draws = (seed: number): number[] => {
    const random = new SeededRandom(seed)
    return [random.next(), random.next(), random.next(), random.below(1000)]
  }

  t.deepEqual(draws(1), KNOWN.seed1)
  t.deepEqual(draws(2), KNOWN.seed2)
  t.deepEqual(draws(1 + 2 ** 32), KNOWN.seed1)
  const stream = new SeededRandom(1).stream('network')
  t.deepEqual([stream.next(), stream.next()], KNOWN.stream)
  t.is(nanoidFrom(new SeededRandom(1)).next(), KNOWN.id)
  t.deepEqual([hash32(''), hash32('a'), hash32('actor'), hash32('actor', 7)], KNOWN.hashes)
})

test('below draws every value about equally often, also for bounds that do not divide 2^32', (t) => {
  const random = new SeededRandom(3)
  for (const bound of [2, 3, 7, 10, 100]) {
    const draws = 2_000 * bound
    const hits = new Array<number>(bound).fill(0)
    for (let i = 0; i < draws; i++) hits[random.below(bound)]!++
    // Six standard deviations of a binomial: one honest run in a hundred million fails, and the seed is fixed.
    const slack = 6 * Math.sqrt(2_000)
    t.true(
      hits.every((count) => Math.abs(count - 2_000) < slack),
      `${bound}: ${hits}`,
    )
  }
})

test('below rejects draws from the incomplete run at the top, and bounds outside 1 to 2^32', (t) => {
  const draws = [2 ** 32 - 1, 2 ** 32 - 2, 5]
  const source = { next: () => draws.shift() ?? t.fail('drew too often') }

  // 2^32 mod 6 is 4: the four highest draws would favour 0 to 3.
  t.is(drawBelow(6, source as { next(): number }), 5)
  t.is(drawBelow(2 ** 32, { next: () => 2 ** 32 - 1 }), 2 ** 32 - 1)
  t.is(drawBelow(1, { next: () => 77 }), 0)
  for (const bound of [0, -1, Number.NaN, 2 ** 32 + 1])
    t.throws(() => new SeededRandom(1).below(bound), { instanceOf: RangeError })
})

test('streams are independent of each other and of how much their parent has drawn', (t) => {
  const quiet = new SeededRandom(5)
  const busy = new SeededRandom(5)
  for (let i = 0; i < 100; i++) busy.next()
  const first = quiet.stream('a')
  const draws = (random: { next(): number }): number[] => Array.from({ length: 50 }, () => random.next())

  const a = draws(first)
  t.deepEqual(draws(busy.stream('a')), a)
  const b = draws(quiet.stream('b'))
  t.is(new Set([...a, ...b, ...draws(quiet)]).size, 150)
})

test('seeds that differ by one bit share nothing: half of all bits differ', (t) => {
  let differing = 0
  for (let seed = 0; seed < 500; seed++) {
    let bits = new SeededRandom(seed).next() ^ new SeededRandom(seed ^ 1).next()
    for (; bits !== 0; bits &= bits - 1) differing++
  }

  t.true(Math.abs(differing / 500 - 16) < 1, `${differing / 500} of 32 bits`)
})

test('ids are 21 characters that stand in addresses and file names, and differ', (t) => {
  const { ids } = realRuntime()
  const made = Array.from({ length: 1_000 }, () => ids.next())

  t.is(new Set(made).size, 1_000)
  t.true(made.every((id) => /^[A-Za-z0-9_-]{21}$/.test(id)))
})

// Time

test('deadlines fire in order of their instants, equal ones as they were added, cancelled ones never', async (t) => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ add: fc.oneof(fc.nat(50), fc.nat(3), fc.nat(5_000), fc.nat(20_000_000)) }) },
    { weight: 2, arbitrary: fc.record({ cancel: fc.nat(100) }) },
    { weight: 2, arbitrary: fc.record({ advance: fc.oneof(fc.nat(30), fc.nat(5_000), fc.nat(9_000_000)) }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const runtime = manualRuntime()
      const queue = new TimerQueue(runtime.clock, runtime.scheduler)
      const fired: string[] = []
      const deadlines: Deadline[] = []
      // The twin: a list, sorted anew whenever something is looked up.
      let twin: { id: number; dueMs: number }[] = []
      const expected: string[] = []
      for (const todo of steps) {
        if ('add' in todo) {
          const id = deadlines.length
          deadlines.push(queue.after(todo.add, () => fired.push(`${id} at ${runtime.clock.now()}`)))
          twin.push({ id, dueMs: runtime.clock.now() + todo.add })
        } else if ('cancel' in todo) {
          deadlines[todo.cancel % (deadlines.length || 1)]?.cancel()
          twin = twin.filter(({ id }) => id !== todo.cancel % (deadlines.length || 1))
        } else {
          await runtime.advance(todo.advance)
          const due = twin.filter(({ dueMs }) => dueMs <= runtime.clock.now())
          for (const { id, dueMs } of due.toSorted((a, b) => a.dueMs - b.dueMs)) expected.push(`${id} at ${dueMs}`)
          twin = twin.filter(({ dueMs }) => dueMs > runtime.clock.now())
        }
        if ('advance' in todo && queue.size !== twin.length) return false
      }
      return isDeepStrictEqual(fired, expected)
    }),
    { numRuns: 200 },
  )
  t.pass()
})

test('one timer of the host serves all deadlines, and none is left when the last one is gone', async (t) => {
  const runtime = manualRuntime()
  let armed = 0
  const scheduler = {
    ...runtime.scheduler,
    after: (delayMs: number, task: () => void) => {
      armed++
      const timer = runtime.scheduler.after(delayMs, () => {
        armed--
        task()
      })
      return {
        cancel: () => {
          armed--
          timer.cancel()
        },
      }
    },
  }
  const queue = new TimerQueue(runtime.clock, scheduler)

  const deadlines = [50, 10, 90, 20].map((delayMs) => queue.after(delayMs, () => {}))
  t.is(armed, 1)
  await runtime.advance(15)
  t.is(armed, 1)
  t.is(queue.size, 3)
  for (const deadline of deadlines) deadline.cancel()
  t.is(armed, 0)
  t.is(queue.size, 0)
  queue.after(Number.POSITIVE_INFINITY, () => t.fail('Infinity is never'))
  await runtime.advance(10 ** 9)
  queue.clear()

  t.is(armed, 0)
})

test('what is remembered uncounted begins to count when told so: in the midst of a slice if one is short, or 4,096 wait', (t) => {
  const runtime = manualRuntime()
  const queue = new TimerQueue(runtime.clock, runtime.scheduler)
  const begun: number[] = []
  const task: Uncounted = { settled: false, count: (_queue, nowMs) => void begun.push(nowMs) }

  t.true(queue.addUncounted(task, 50))
  t.false(queue.addUncounted(task, 5_000))
  queue.tell(1)
  t.deepEqual([begun, queue.toldMs], [[], 1])
  queue.startCounting(2)
  t.deepEqual([begun, queue.toldMs], [[2, 2], 2])

  t.true(queue.addUncounted(task, 5_000))
  queue.addUncounted(task, 49)
  queue.tell(3)
  t.deepEqual(begun.splice(0), [2, 2, 3, 3])

  for (let i = 0; i < 4_096; i++) queue.addUncounted(task, 5_000)
  queue.tell(4)
  t.deepEqual(begun, [])
  queue.addUncounted(task, 5_000)
  queue.tell(5)
  t.is(begun.length, 4_097)
  t.is(queue.size, 0)
})

test('of more than 4,096 that wait to be counted those that are over are forgotten, and the others wait on if they are few', (t) => {
  const runtime = manualRuntime()
  const queue = new TimerQueue(runtime.clock, runtime.scheduler)
  let begun = 0
  const over: Uncounted = { settled: true, count: () => t.fail('counted') }
  const open: Uncounted = { settled: false, count: () => void begun++ }

  for (let i = 0; i < 6_000; i++) queue.addUncounted(i % 3 === 0 ? open : over, 5_000)
  queue.tell(1)
  t.is(begun, 0)

  queue.startCounting(2)
  t.is(begun, 2_000)
})

test('a deadline of 0 ms that renews itself holds up neither others nor the host, and what is no number is refused', async (t) => {
  const runtime = manualRuntime()
  const queue = new TimerQueue(runtime.clock, runtime.scheduler)
  class Renewing extends Deadline {
    times = 0
    expire(): void {
      if (++this.times < 100) queue.add(this, 0)
    }
  }
  const renewing = new Renewing()
  queue.add(renewing, 0)
  const times: number[] = []
  queue.after(0, () => times.push(renewing.times))
  runtime.scheduler.after(0, () => times.push(renewing.times))

  await runtime.settle()

  t.deepEqual(times, [1, 1])
  t.is(renewing.times, 100)
  for (const delayMs of [Number.NaN, undefined as never])
    t.throws(() => queue.add(new Renewing(), delayMs), { instanceOf: RangeError, message: /got (NaN|undefined)/ })
  t.is(queue.size, 0)
})

test('manual time stands still until it is moved, and runs each task at its own instant', async (t) => {
  const { clock, scheduler, advance, settle } = manualRuntime()
  const log: string[] = []
  scheduler.after(20, () => log.push(`b ${clock.now()}`))
  scheduler.after(10, () => {
    log.push(`a ${clock.now()}`)
    scheduler.after(5, () => log.push(`nested ${clock.now()}`))
  })
  const cancelled = scheduler.after(10, () => log.push('never'))
  cancelled.cancel()
  scheduler.yield(() => log.push(`yielded ${clock.now()}`))
  scheduler.defer(() => log.push(`deferred ${clock.now()}`))
  const wall = clock.wall()

  await settle()
  t.deepEqual(log.splice(0), ['deferred 0', 'yielded 0'])
  await advance(30)

  t.deepEqual(log, ['a 10', 'nested 15', 'b 20'])
  t.is(clock.now(), 30)
  t.is(clock.wall() - wall, 30)
})

const KNOWN = {
  seed1: [3739678614, 2725338478, 3923878172, 553],
  seed2: [2239449716, 3742238823, 3861731959, 548],
  stream: [1251048266, 2571316912],
  id: 'WA8bdaKrsOIIVNfEQRSqp',
  hashes: [2872998923, 444641715, 2945316672, 4283491584],
}
