import test from 'ava'
import fc from 'fast-check'
import { LivelockError } from './simulation-error.ts'
import { VirtualClock } from './virtual-clock.ts'

test('a clock that drifts gains or loses as many us in a second as it has ppm, and does not jump when that changes', (t) => {
  const world = { nowUs: 0 }
  const clock = new VirtualClock(world, 500)
  clock.drift(200)

  world.nowUs = 10_000_000
  t.is(clock.nowUs, 500 + 10_000_000 + 2_000)
  clock.drift(-100)
  t.is(clock.nowUs, 10_002_500)
  world.nowUs = 20_000_000
  t.is(clock.now(), 20_001.5)
})

test('the wall clock counts from 2020, is set apart from the other one, and drifts with it', (t) => {
  const world = { nowUs: 5_000_000 }
  const clock = new VirtualClock(world, 77)
  t.is(clock.wall(), Date.UTC(2020, 0, 1) + 5_000)

  clock.step(-3_000)
  clock.drift(1_000)
  world.nowUs += 2_000_000

  t.is(clock.wall(), Date.UTC(2020, 0, 1) + 5_000 - 3_000 + 2_002)
  t.is(clock.nowUs, 77 + 2_002_000)
})

test('a delay on a clock is over by the time the clock says so, and less than 3 us later', (t) => {
  const delays = fc.tuple(fc.integer({ min: -100_000, max: 100_000 }), fc.nat(10_000_000), fc.nat(10_000_000))
  fc.assert(
    fc.property(delays, ([ppm, startUs, delayUs]) => {
      const world = { nowUs: 0 }
      const clock = new VirtualClock(world, 0)
      clock.drift(ppm)
      world.nowUs = startUs
      const before = clock.nowUs

      world.nowUs += clock.worldUs(delayUs)

      const passedUs = clock.nowUs - before
      return passedUs >= delayUs - 1 && passedUs <= delayUs + 2
    }),
  )
  t.pass()
})

test('whoever looks at a clock again and again within one turn waits for ever, and is told so', (t) => {
  const clock = new VirtualClock({ nowUs: 0 }, 0)

  t.throws(
    () => {
      for (;;) clock.now()
    },
    { instanceOf: LivelockError, message: /would never move on/ },
  )
})
