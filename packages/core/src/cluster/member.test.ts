import test from 'ava'
import fc from 'fast-check'
import { isSameRecord, type MemberRecord, memberOf, merge } from './member.ts'

const info = { uid: 'u', name: 'n', address: 'a', roles: [], appVersion: '' }
const record: fc.Arbitrary<MemberRecord> = fc.record({
  info: fc.constant(info),
  state: fc.nat(4),
  upNumber: fc.nat(3),
  incarnation: fc.nat(3),
  opinion: fc.nat(2),
})

test('in whatever order and however often records come, all who have seen the same ones hold the same', (t) => {
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      (all, picks) => {
        const inOrder = all.reduce(merge)
        const shuffled = [...all].reverse()
        for (const pick of picks) shuffled.push(all[pick % all.length]!)
        const half = shuffled.length >> 1
        const parts = [shuffled.slice(0, half), shuffled.slice(half)].filter((part) => part.length > 0)
        return isSameRecord(inOrder, parts.map((part) => part.reduce(merge)).reduce(merge))
      },
    ),
  )
  t.pass()
})

test('no record takes a member back from where it has come to', (t) => {
  fc.assert(fc.property(record, record, (ours, theirs) => merge(ours, theirs).state >= ours.state))
  t.pass()
})

test('a word of a later incarnation replaces every opinion on an earlier one', (t) => {
  const gone: MemberRecord = { info, state: 1, upNumber: 1, incarnation: 4, opinion: 2 }

  t.false(memberOf(gone).reachable)
  t.true(memberOf(merge(gone, { ...gone, incarnation: 5, opinion: 0 })).reachable)
  t.false(memberOf(merge(gone, { ...gone, incarnation: 3, opinion: 0 })).reachable)
})
