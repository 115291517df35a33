import test from 'ava'
import fc from 'fast-check'
import { downAll } from './down-all.ts'
import { keepMajority } from './keep-majority.ts'
import { keepOldest } from './keep-oldest.ts'
import type { Member } from './member.ts'
import type { SplitBrainStrategy } from './split-brain.ts'
import { staticQuorum } from './static-quorum.ts'

const member = (upNumber: number, role: string): Member => ({
  ...{ uid: `u${upNumber}`, name: '', address: '', roles: [role], appVersion: '' },
  ...{ state: 'up', upNumber, reachable: true, suspected: false },
})

/** How two sides decide that see each other as the other side. */
function sides(strategy: SplitBrainStrategy, here: readonly Member[], there: readonly Member[]): boolean[] {
  return [
    strategy.decide({ self: here[0]!, reachable: here, unreachable: there }),
    strategy.decide({ self: there[0]!, reachable: there, unreachable: here }),
  ].map((decision) => decision === 'down-unreachable')
}

/** Up to nine members, on both sides. */
const split = fc
  .array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 2, maxLength: 9 })
  .map((draws) => {
    const all = draws.map(([, isDb], i) => member(i + 1, isDb ? 'db' : 'web'))
    return { here: all.filter((_, i) => draws[i]![0]), there: all.filter((_, i) => !draws[i]![0]) }
  })
  .filter(({ here, there }) => here.length > 0 && there.length > 0)

const isDb = ({ roles }: Member): boolean => roles.includes('db')

test('of two sides exactly one goes on with keep-majority and keep-oldest (law 14)', (t) => {
  fc.assert(
    fc.property(split, ({ here, there }) => {
      const exactlyOne = (strategy: SplitBrainStrategy): boolean =>
        sides(strategy, here, there).filter(Boolean).length === 1
      // Without any that counts nobody is concerned.
      const counts = here.some(isDb) || there.some(isDb)
      return [keepMajority(), keepOldest(), ...(counts ? [keepMajority({ role: 'db' })] : [])].every(exactlyOne)
    }),
  )
  t.pass()
})

test('of two sides one at most goes on with static-quorum, also where there are more than it was told (law 14)', (t) => {
  fc.assert(
    fc.property(split, fc.integer({ min: 1, max: 9 }), ({ here, there }, size) =>
      [staticQuorum({ size }), staticQuorum({ size, role: 'db' }), downAll()].every(
        (strategy) => sides(strategy, here, there).filter(Boolean).length <= 1,
      ),
    ),
  )
  const five = [1, 2, 3, 4, 5].map((n) => member(n, 'db'))
  t.deepEqual(sides(staticQuorum({ size: 3 }), five.slice(0, 2), five.slice(2)), [false, true])
})

test('a wrong size of the quorum is turned down', (t) => {
  t.throws(() => staticQuorum({ size: 0 }), { code: 'INVALID_OPTION' })
})

test('the oldest member alone does not take the whole cluster with it', (t) => {
  const [first, second, third] = [member(1, 'a'), member(2, 'a'), member(3, 'a')]

  t.deepEqual(sides(keepOldest(), [first], [second, third]), [false, true])
  t.deepEqual(sides(keepOldest(), [first], [second]), [true, false])
})

test('of two halves the one with the oldest member goes on', (t) => {
  const [first, second] = [member(1, 'a'), member(2, 'a')]

  t.is(keepMajority().decide({ self: first, reachable: [first], unreachable: [second] }), 'down-unreachable')
  t.is(keepMajority().decide({ self: second, reachable: [second], unreachable: [first] }), 'down-reachable')
})
