import test from 'ava'
import { GivenRefs } from './given-refs.ts'

const ref = (uid: number) => ({ address: 'memory://a', nodeUid: 'a', path: `/user/${uid}`, uid })

test('of one client the last 65,536 refs that it was given are remembered, given again counts anew', (t) => {
  const given = new GivenRefs()
  for (let uid = 1; uid <= 65_536; uid++) given.note(ref(uid))
  given.note(ref(1))
  t.deepEqual(given.get(ref(2)), ref(2))
  given.note(ref(65_537))

  t.is(given.get(ref(2)), null)
  for (const uid of [1, 3, 65_537]) t.deepEqual(given.get({ nodeUid: 'a', uid }), ref(uid))
  t.is(given.get({ nodeUid: 'b', uid: 1 }), null)
})
