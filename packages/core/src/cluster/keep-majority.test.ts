import test from 'ava'
import fc from 'fast-check'
import { keepMajority } from './keep-majority.ts'
import type { Member } from './member.ts'

const member = (upNumber: number, role: string): Member => ({
  ...{ uid: `u${upNumber}`, name: '', address: '', roles: [role], appVersion: '' },
  ...{ state: 'up', upNumber, reachable: true, suspected: false },
})

test('of two sides that see each other as the other side, exactly one goes on, whichever the strategy counts (law 14)', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 2, maxLength: 9 }), (draws) => {
      const all = draws.map(([, isDb], i) => member(i + 1, isDb ? 'db' : 'web'))
      const here = all.filter((_, i) => draws[i]![0])
      const there = all.filter((_, i) => !draws[i]![0])
      if (here.length === 0 || there.length === 0) return true
      // Without any that counts nobody is concerned.
      return [keepMajority(), keepMajority({ role: 'db' })].every((strategy, i) => {
        if (i === 1 && !draws.some(([, isDb]) => isDb)) return true
        const one = strategy.decide({ self: here[0]!, reachable: here, unreachable: there })
        const other = strategy.decide({ self: there[0]!, reachable: there, unreachable: here })
        return (one === 'down-unreachable') !== (other === 'down-unreachable')
      })
    }),
  )
  t.pass()
})

test('of two halves the one with the oldest member goes on', (t) => {
  const [first, second] = [member(1, 'a'), member(2, 'a')]

  t.is(keepMajority().decide({ self: first, reachable: [first], unreachable: [second] }), 'down-unreachable')
  t.is(keepMajority().decide({ self: second, reachable: [second], unreachable: [first] }), 'down-reachable')
})
