import test from 'ava'
import { RemoteWatches, type SystemRoute } from './remote-watches.ts'

const route: SystemRoute = { sendSystem: () => {}, sendNotice: () => {} }
const actor = { addWatcher: () => {}, removeWatcher: () => {} }

test('a peer may have 262,144 watches here; one more breaks its link, until it ends another', (t) => {
  const watches = new RemoteWatches(route, () => actor as never)
  for (let id = 1; id <= 262_144; id++) watches.watchedBy(1, id, 0)

  t.throws(() => watches.watchedBy(1, 300_000, 0), { code: 'MALFORMED_FRAME', message: /262,144 watches/ })
  watches.watchedBy(1, 7, 0)
  watches.unwatchedBy(7)
  t.notThrows(() => watches.watchedBy(1, 300_000, 0))
})

test('a peer that lets go of no watch that has ended has no more of those either', (t) => {
  const watches = new RemoteWatches(route, () => null)
  watches.connected(true)
  for (let id = 1; id <= 262_144; id++) watches.watchedBy(1, id, 0)

  t.throws(() => watches.watchedBy(1, 300_000, 0), { code: 'MALFORMED_FRAME' })
  watches.connected(false)
  watches.end('node-down')
  t.notThrows(() => watches.watchedBy(1, 300_000, 0))
})
