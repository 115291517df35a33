import { type GossipLoop, settled } from '../packages/core/src/testing/gossip-loop.ts'

/*
 * Bare membership machines over a queue of events: what they send when nothing happens, and how long a crash takes to be
 * seen by all. `node scripts/run.mjs bench/membership.ts`
 */

const SIZES = [10, 100, 1_000]
const QUIET_MS = 20_000
/** How long the news of the start may take. */
const REST_MS = 180_000

function all(loop: GossipLoop, victim: string, isSo: (member: { reachable: boolean; suspected: boolean }) => boolean) {
  return () =>
    loop.living.every(({ machine }) => {
      const seen = machine.members.find(({ uid }) => uid === victim)
      return seen === undefined || isSo(seen)
    })
}

console.log(
  'members  messages/s  bytes/s  first suspects after ms  all suspect  all: unreachable   (per node, 1 % loss)',
)
for (const count of SIZES) {
  const loop = settled(count, { seed: 1 })
  loop.run(REST_MS)
  loop.lossPerMille = 10
  loop.weigh = true
  loop.messages = 0
  loop.bytes = 0
  loop.run(QUIET_MS)
  const perNode = (total: number): string => ((total * 1_000) / QUIET_MS / count).toFixed(1)
  const quiet = [perNode(loop.messages), perNode(loop.bytes)]
  loop.weigh = false
  const victim = loop.node(`n${count - 1}`)
  victim.crashed = true
  const startMs = loop.nowMs
  const isMissed = (): boolean =>
    loop.living.some(({ events }) =>
      events.some(
        ({ atMs, event }) => atMs >= startMs && event.type === 'member-suspected' && event.member.uid === victim.uid,
      ),
    )
  const first = loop.until(isMissed, 60_000)
  loop.until(
    all(loop, victim.uid, ({ reachable, suspected }) => suspected || !reachable),
    60_000,
  )
  const heard = loop.nowMs - startMs
  loop.until(
    all(loop, victim.uid, ({ reachable }) => !reachable),
    120_000,
  )
  console.log([count, ...quiet, first, heard, loop.nowMs - startMs].join('  '))
}
