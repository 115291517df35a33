import test from 'ava'
import fc from 'fast-check'
import { ddmin } from './ddmin.ts'

test('of a list where some items fail together, exactly those are left, in their order', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 60 }), fc.array(fc.nat(59), { maxLength: 6 }), async (size, picks) => {
      const items = numbers(size)
      const culprits = [...new Set(picks.map((pick) => pick % size))].sort((a, b) => a - b)

      const rest = await ddmin(items, (part) => culprits.every((culprit) => part.includes(culprit)))

      t.deepEqual(rest, culprits)
    }),
  )
})

test('whatever fails, the rest fails, is a part in its order, and fails no more without any one of its items', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 24 }), fc.integer(), async (size, salt) => {
      const items = numbers(size)
      // Neither growing nor shrinking with the part: like a real test that fails for more than one reason.
      const fails = (part: readonly number[]): boolean =>
        part.length === size || part.reduce((sum, item) => Math.imul(sum ^ item, 0x9e3779b1), salt) % 5 === 0

      const rest = await ddmin(items, fails)

      t.true(fails(rest))
      t.deepEqual(
        rest,
        items.filter((item) => rest.includes(item)),
      )
      for (const left of rest) t.false(fails(rest.filter((item) => item !== left)))
    }),
  )
})

test('n items take at most n² + 3n questions, one culprit of 1,000 at most 25, and a whole list that is innocent one', async (t) => {
  const count = async (size: number, fails: (part: readonly number[]) => boolean): Promise<number> => {
    let asked = 0
    await ddmin(numbers(size), (part) => {
      asked++
      return fails(part)
    })
    return asked
  }

  t.is(await count(500, () => true), 1)
  t.true((await count(1_000, (part) => part.includes(700))) <= 25)
  for (const size of [1, 2, 7, 30])
    t.true((await count(size, (part) => part.length === size)) <= size * size + 3 * size, `${size}`)
})

test('once every answer is no, the best so far comes back', async (t) => {
  let asked = 0

  const rest = await ddmin(numbers(64), (part) => ++asked <= 4 && part.includes(5))

  t.true(rest.length < 64 && rest.includes(5))
})

function numbers(size: number): number[] {
  return Array.from({ length: size }, (_, i) => i)
}
