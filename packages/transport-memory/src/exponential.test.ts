import test from 'ava'
import { exponential } from './exponential.ts'

/** Evenly spread over all 32 bits. */
const draws = Array.from({ length: 65_536 }, (_, i) => i * 65_536 + 32_768)

test('the draws have the mean they are asked for', (t) => {
  for (const mean of [0, 1_500, 1_000_000, 2 ** 34]) {
    const average = draws.reduce((sum, bits) => sum + exponential(bits, mean), 0) / draws.length
    t.true(Math.abs(average - mean) <= mean / 500 + 1, `${average} for ${mean}`)
  }
})

test('the draws follow the logarithm, which is not used, within 2 %', (t) => {
  for (const bits of draws) {
    const exact = -Math.log1p(-bits / 2 ** 32)
    // The last slot stands for all that is rarer than 1 in 256.
    if (bits < 2 ** 32 - 2 ** 24) t.true(Math.abs(exponential(bits, 1e9) / 1e9 - exact) < 0.02 * exact + 1e-4)
  }
  t.is(exponential(0, 1_000), 0)
  t.is(exponential(2 ** 32 - 1, 1_000), 7_545)
})

test('a larger number is never a shorter time', (t) => {
  let last = 0
  for (const bits of draws) {
    const drawn = exponential(bits, 1_000_000)
    t.true(drawn >= last)
    last = drawn
  }
})

test('the draws are the same integers on every engine', (t) => {
  const some = [1, 2 ** 24, 2 ** 31, 3_000_000_000, 4_294_967_295].map((bits) => exponential(bits, 1_500))
  const sum = draws.reduce((total, bits) => total + exponential(bits, 1_500), 0)

  t.deepEqual([some, sum], [[0, 5, 1_039, 1_798, 11_317], 98_301_482])
})
