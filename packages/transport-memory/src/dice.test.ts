import { SeededRandom } from '@troupe/core'
import test from 'ava'
import { Dice } from './dice.ts'

const dice = new Dice(new SeededRandom(1))

test('what is rolled depends on seed, aspect and number, not on what was rolled before', (t) => {
  const other = new Dice(new SeededRandom(1))
  const rolled = [7, 3, 5].map((n) => dice.roll(2, n))

  t.deepEqual(
    [5, 3, 7].map((n) => other.roll(2, n)),
    rolled.toReversed(),
  )
  t.not(dice.roll(2, 7), dice.roll(1, 7))
  t.not(dice.roll(2, 7), new Dice(new SeededRandom(2)).roll(2, 7))
})

test('the rolls are the same integers on every engine', (t) => {
  t.deepEqual(
    [0, 1, 2, 1_000_000].map((n) => dice.roll(0, n)),
    [2_455_310_962, 1_632_287_628, 1_474_961_141, 1_767_300_232],
  )
  t.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 7].map((n) => dice.below(6, 1, n)),
    [0, 5, 4, 2, 2, 5, 0, 2],
  )
})

test('each side comes up as often as the others, for every aspect, and two aspects agree by chance only', (t) => {
  const rolls = 60_000
  for (const aspect of [0, 1, 64]) {
    const hits = new Array<number>(6).fill(0)
    let agreed = 0
    for (let n = 0; n < rolls; n++) {
      const side = dice.below(6, aspect, n)
      hits[side]!++
      if (side === dice.below(6, aspect + 1, n)) agreed++
    }
    // Ten thousand of each are due; five standard deviations are 456.
    t.true(
      [...hits, agreed].every((count) => Math.abs(count - 10_000) < 456),
      `${hits}; ${agreed}`,
    )
  }
})
