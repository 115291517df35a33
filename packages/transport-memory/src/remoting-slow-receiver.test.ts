import { type AskError, actor, protocol } from '@troupe/core'
import test from 'ava'
import { memoryNetwork } from './memory-network.ts'
import { recorder } from './testing/recorder.ts'
import { eventsOf, World } from './testing/world.ts'

/** What may be sent and not handled, and what may wait for an actor at the sender. */
const WINDOW = 4_096
const PARKED = 2_048
const SECONDS = 30
const PAYLOAD = new Uint8Array(200)
/** Any kind of message may be too many. */
const SENT_EACH_MS = 4

interface Slow {
  work: (bytes: Uint8Array) => Promise<void>
  query: (n: number) => number
}
const Slow = protocol<Slow>('slow')

test('a receiver ten times too slow for 30 s: memory is bounded, no heartbeat is late, nobody is suspected, and the counts add up (law 19)', async (t) => {
  const world = new World(1, memoryNetwork({ highWaterBytes: 64 * 1024 }))
  const options = { membership: { stableAfterMs: 1_000 }, heartbeatMs: 250, disconnectGraceMs: 2_000 }
  const a = await world.node('a', options)
  const b = await world.node('b', { ...options, seeds: [a.system.address] })
  await world.until('both up', () => b.system.members.filter(({ state }) => state === 'up').length === 2)
  let [handled, answered] = [0, 0]
  const slow = a.system.spawn(
    actor(Slow, () => ({
      work: async () => {
        await new Promise<void>((resolve) => void world.time.scheduler.after(3, resolve))
        handled++
      },
      query: (n) => n,
    })),
  )
  const remote = await world.lend(slow, a, b)
  const quick = recorder(a)
  const toQuick = await world.lend(quick.ref, a, b)
  let [told, offered, asks, full, late] = [0, 0, 0, 0, 0]
  let [mostQueued, mostBytes, mostWaiting, mostPingMs] = [0, 0, 0, 0]
  const startMs = world.time.clock.now()
  const isOver = (): boolean => world.time.clock.now() - startMs >= SECONDS * 1_000
  const offering = async (): Promise<void> => {
    // Tells come first, and fill all that they may.
    await new Promise<void>((resolve) => void world.time.scheduler.after(SECONDS * 500, resolve))
    for (; !isOver(); offered++) await remote.offer('work', PAYLOAD, { timeoutMs: 60_000 })
  }
  const offers = offering()

  for (let ms = 0; !isOver(); ms++) {
    for (let n = 0; n < SENT_EACH_MS; n++, told++) remote.tell('work', PAYLOAD)
    if (ms % 10 === 0) {
      asks++
      remote.ask('query', ms, { timeoutMs: 1_000 }).then(
        () => answered++,
        ({ reason }: AskError) => (reason === 'outbound-full' ? full++ : late++),
      )
    }
    if (ms % 100 === 0) {
      const beforeMs = world.time.clock.now()
      void toQuick.ask('echo', ms).then(() => {
        mostPingMs = Math.max(mostPingMs, world.time.clock.now() - beforeMs)
      })
      const { queued = 0, queuedBytes = 0 } = b.system.stats().remote ?? {}
      mostQueued = Math.max(mostQueued, queued)
      mostBytes = Math.max(mostBytes, queuedBytes)
      mostWaiting = Math.max(mostWaiting, a.system.inspect({ below: slow.path }).actors[0]!.queued)
    }
    await world.time.advance(1)
  }
  await world.during(offers)
  await world.until('all that was sent', () => b.system.stats().remote?.queued === 0, 60_000)
  await world.until('all that was taken', () => a.system.inspect({ below: slow.path }).actors[0]!.queued === 0, 60_000)
  await world.time.advance(10)

  // An ask that finds no room is counted as well.
  const letters = (b.system.stats().deadLetters['outbound-full'] ?? 0) - full
  t.is(told + offered, handled + letters)
  t.is(asks, answered + full + late)
  t.true(letters > told / 2)
  t.true(handled > 9_000)
  t.true(mostQueued <= PARKED + SENT_EACH_MS, `${mostQueued} waited at the sender`)
  t.true(mostBytes < 8 * 1024 * 1024)
  t.true(mostWaiting <= WINDOW + 8, `${mostWaiting} waited at the receiver`)
  t.true(mostPingMs <= 2, `another actor took ${mostPingMs} ms`)
  for (const node of [a, b]) {
    t.deepEqual(eventsOf(node, 'peer-lost'), [])
    t.deepEqual(eventsOf(node, 'member-suspected'), [])
    t.deepEqual(Object.keys(node.system.stats().deadLetters).sort(), node === a ? [] : ['outbound-full'])
  }
  await world.stop()
})
