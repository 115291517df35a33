import test from 'ava'
import fc from 'fast-check'
import { fenceOf, isTenure, nextTenure } from './fencing.ts'
import { Tenure } from './tenure.ts'

const clock = (wallMs: number) => ({ now: () => 0, wall: () => wallMs })

test('each token is above all before it, over restarts, moves and clocks that go back (law 16)', (t) => {
  const step = fc.oneof(fc.constant('restart'), fc.record({ wallMs: fc.integer({ min: 0, max: 2 ** 41 }) }))
  void fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      let tenure = new Tenure(nextTenure(0, clock(1)))
      const fences = [tenure.nextFence()]
      for (const each of steps) {
        if (typeof each !== 'string') tenure = new Tenure(nextTenure(tenure.number, clock(each.wallMs)))
        fences.push(tenure.nextFence())
      }
      return fences.every((fence, i) => Number.isSafeInteger(fence) && (i === 0 || fence > fences[i - 1]!))
    }),
  )
  t.pass()
})

test('a cluster that begins anew begins above what the one before it had, however much that restarted', (t) => {
  const startedMs = 1_700_000_000_000
  const before = fenceOf(startedMs, 1023)

  t.true(fenceOf(nextTenure(0, clock(startedMs + 1)), 0) > before)
})

test('what is no tenure of this world is not taken from others', (t) => {
  t.true([0, 1, 1_700_000_000_000].every(isTenure))
  t.false([-1, 1.5, Number.MAX_SAFE_INTEGER, Number.NaN, '1', null].some(isTenure))
})
