import test from 'ava'
import fc from 'fast-check'
import { Buckets } from './buckets.ts'

test('whatever one of two nodes alone knows is in a part that differs', (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 200 }), fc.nat(), (uids, at) => {
      const [a, b] = [new Buckets(), new Buckets()]
      const alone = uids[at % uids.length]!
      for (const uid of uids) {
        a.toggle(uid, 5)
        if (uid !== alone) b.toggle(uid, 5)
      }
      const told = uids.filter(a.differing(b.text))
      return told.includes(alone)
    }),
  )
  t.pass()
})

test('who knows the same has nothing to tell, and without a text everything', (t) => {
  const [a, b] = [new Buckets(), new Buckets()]
  for (const uid of ['x', 'y', 'z']) a.toggle(uid, 7)
  for (const uid of ['z', 'y', 'x', 'w']) b.toggle(uid, 7)
  b.toggle('w', 7)

  t.false(['w', 'x', 'y', 'z'].some(a.differing(b.text)))
  t.true(a.differing('')('x'))
  b.toggle('w', 8)
  t.true(a.differing(b.text)('w'))
  t.true(a.text.length <= 1024)
})
