import type { Assertions, TestFunction } from '@troupe/core/testing'
import fc from 'fast-check'
import type { BalancingStrategy, Target } from './strategy.ts'

/** The promises of `BalancingStrategy` as tests. @param make called at each start of a run; equal runs each time */
export function balancingContract(test: TestFunction, name: string, make: () => BalancingStrategy): void {
  for (const [title, keep] of Object.entries(promises)) {
    test(`${name}: ${title}`, async (t) => keep(t, make))
  }
}

const target = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  weight: fc.integer({ min: 1, max: 9 }),
  inFlight: fc.nat(20),
})
const targets = fc.uniqueArray(target, { selector: ({ id }) => id, maxLength: 6 })
/** What a balancer asks in its life: other targets and other keys each time. */
const calls = fc.array(fc.tuple(targets, fc.option(fc.string(), { nil: undefined })), { maxLength: 30 })

const promises: Record<string, (t: Assertions, make: () => BalancingStrategy) => void> = {
  'picks one of the targets given, and none only where there is none': (t, make) => {
    fc.assert(
      fc.property(calls, (asked) => {
        const strategy = make()
        return asked.every(([given, key]) => {
          const picked = strategy.pick(given, key)
          return given.length === 0 ? picked === undefined : given.includes(picked!)
        })
      }),
    )
    t.true(true)
  },

  'equal calls give equal picks': (t, make) => {
    fc.assert(
      fc.property(calls, (asked) => {
        const [one, other] = [make(), make()]
        return asked.every(([given, key]) => one.pick(given, key) === other.pick(given, key))
      }),
    )
    t.true(true)
  },

  'changes neither the list nor the targets': (t, make) => {
    fc.assert(
      fc.property(calls, (asked) => {
        const strategy = make()
        return asked.every(([given, key]) => {
          const frozen: readonly Target[] = Object.freeze(given.map((each) => Object.freeze({ ...each })))
          strategy.pick(frozen, key)
          return frozen.length === given.length
        })
      }),
    )
    t.true(true)
  },

  'gives every target work in the long run': (t, make) => {
    const strategy = make()
    const given = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, weight: 1, inFlight: 0 }))
    const picked = new Set(Array.from({ length: 200 }, (_, i) => strategy.pick(given, `key ${i}`)))
    t.is(picked.size, 5)
  },
}
