import type { Member, MembershipOptions } from '@troupe/core'
import { GossipLoop, type LoopNode } from '../../packages/core/src/testing/gossip-loop.ts'

/** What a cluster of one size costs, and how quickly it learns. Per node; times in virtual ms. */
export interface Scale {
  readonly members: number
  /** From the start of all at once until each sees all as up. */
  readonly joinMs: number
  /** While they join. */
  readonly joinRecordsPerSecond: number
  /** While nothing happens. */
  readonly messagesPerSecond: number
  readonly bytesPerSecond: number
  /** From a crash until somebody takes the victim for unreachable, and until all do. */
  readonly detectedMs: number
  readonly knownMs: number
  /** Until it is down for all. */
  readonly downMs: number
  /** Processor time of the whole, in s: of this machine. */
  readonly cpuSeconds: number
}

const LOSS_PER_MILLE = 10
const QUIET_MS = 20_000
const MOST_MS = 600_000

/**
 * Bare membership machines over a queue of events, with 1 % loss and delays of 1 to 20 ms: all start within a second and
 * know one of the others; then nothing happens; then one crashes.
 */
export function measureScale(members: number, seed: number, membership: MembershipOptions = {}): Scale {
  const startCpu = process.cpuUsage()
  const loop = new GossipLoop({ seed, membership })
  const views = new Views(loop)
  for (let i = 0; i < members; i++) {
    loop.add(`n${i}`, i === 0 ? null : `n${i >> 1}`)
    if (i % Math.max(1, Math.floor(members / 1_000)) === 0) loop.run(Math.floor(1_000 / members))
  }
  // A connection does not lose the first word; it is this loop that would.
  loop.lossPerMille = LOSS_PER_MILLE
  const joinMs = waited(loop, () => views.up === members * members, 'all are up')
  const joinRecordsPerSecond = (loop.records * 1_000) / members / loop.nowMs
  waited(loop, () => settledFor(loop, 100) < 20, 'the news of the start are over')
  loop.weigh = true
  loop.messages = loop.bytes = 0
  loop.run(QUIET_MS)
  loop.weigh = false
  const perSecond = (total: number): number => (total * 1_000) / QUIET_MS / members
  const quiet = { messagesPerSecond: perSecond(loop.messages), bytesPerSecond: perSecond(loop.bytes) }
  const victim = loop.node(`n${members - 1}`)
  victim.crashed = true
  views.victim = victim.uid
  const startMs = loop.nowMs
  waited(loop, () => views.unreachable.size > 0, 'the crash is seen')
  const detectedMs = loop.nowMs - startMs
  waited(loop, () => views.unreachable.size === members - 1, 'all know')
  const knownMs = loop.nowMs - startMs
  waited(loop, () => views.down.size === members - 1, 'it is down for all')
  const { user, system } = process.cpuUsage(startCpu)
  const times = { detectedMs, knownMs, downMs: loop.nowMs - startMs }
  return { members, joinMs, joinRecordsPerSecond, ...quiet, ...times, cpuSeconds: (user + system) / 1e6 }
}

/** Records per message that were sent in the next `ms`, in hundredths. */
function settledFor(loop: GossipLoop, ms: number): number {
  const [messages, records] = [loop.messages, loop.records]
  loop.run(ms)
  return ((loop.records - records) * 100) / Math.max(1, loop.messages - messages)
}

function waited(loop: GossipLoop, isSo: () => boolean, what: string): number {
  const ms = loop.until(isSo, MOST_MS)
  if (ms === null) throw new Error(`not within ${MOST_MS} ms: ${what}`)
  return loop.nowMs
}

/** What all nodes see, added up. */
class Views {
  up = 0
  victim = ''
  readonly unreachable = new Set<string>()
  readonly down = new Set<string>()

  constructor(loop: GossipLoop) {
    loop.onEvent = ({ uid }: LoopNode, { type, member }: { readonly type: string; readonly member: Member }) => {
      if (type === 'member-up') this.up++
      if (member.uid !== this.victim) return
      if (type === 'member-unreachable') this.unreachable.add(uid)
      if (type === 'member-down') this.down.add(uid)
    }
  }
}
