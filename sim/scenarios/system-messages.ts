import { type Checker, type HistoryEvent, type SimulatedCluster, scenario } from '@troupe/testkit'
import { isLinked, type LinkNote, runOf, systemsOf } from '../stage/link-notes.ts'
import { SystemWire, systemTap } from '../stage/system-wire.ts'
import { lingering, tapped } from '../stage/wire-tap.ts'
import { Observer, remoteWatch, startWatching, watching } from './remote-watch.ts'

/** Sockets are closed so much later than this side has said, in ms. */
const LINGER_MS = 400
const QUIET_MS = 2_000
/** All is acknowledged so long after the last of it, also when a link breaks, in ms: before listings are compared again. */
const ACKNOWLEDGED_MS = 3_000

const sequence: Checker = {
  name: 'sequence',
  check(history) {
    const wire = new SystemWire()
    for (const event of history) {
      const wrong = wire.add(event)
      if (wrong !== null) return { verdict: 'illegal', message: `system message ${wrong}`, conflict: [event] }
    }
    return { verdict: 'ok' }
  },
}

function watchAgain(cluster: SimulatedCluster): void {
  for (const system of systemsOf(cluster)) {
    for (const ref of system.findAll(Observer)) if (runOf(ref) === system.uid) ref.tell('again')
  }
}

/** What nobody has acknowledged; null when that is nothing. Of runs that count as down nothing is to come any more. */
function unacknowledged(history: readonly HistoryEvent[], runs: readonly string[]): string | null {
  const down = new Set<string>()
  const wire = new SystemWire()
  for (const event of history) {
    wire.add(event)
    if (event.f !== 'down') continue
    const { run, peer } = event.value as LinkNote
    down.add(run).add(peer)
  }
  return wire.unacknowledged((run) => runs.includes(run) && !down.has(run))
}

/** Watches and notices on the wire: numbered without a gap, each said once, acknowledged, and never again after that. */
export const systemMessages = scenario({
  ...remoteWatch,
  name: 'system-messages',
  faults: { kinds: ['pause', 'partition', 'clog', 'reset', 'slow'], meanGapMs: 500 },
  network: { minLatencyMs: 1, meanLatencyMs: 20, capacityBytes: 600, resetPerMillion: 6_000, detectMs: 150 },
  async start(node) {
    const transport = lingering(node.transport, node.runtime.scheduler, LINGER_MS)
    await startWatching(node, undefined, tapped(transport, systemTap(node)))
  },
  converged: isLinked,
  async settle(cluster) {
    await remoteWatch.settle?.(cluster)
    // By then there is credit for all that was told, and from then on only watches and notices are sent.
    await cluster.sleep(QUIET_MS)
    watchAgain(cluster)
    await cluster.sleep(100)
    await remoteWatch.settle?.(cluster)
    for (let left = ACKNOWLEDGED_MS / 100; ; left--) {
      const runs = systemsOf(cluster).map(({ uid }) => uid)
      const missing = unacknowledged(cluster.history, runs)
      if (missing === null) return
      if (left === 0) throw new Error(`nobody acknowledges system message ${missing}`)
      await cluster.sleep(100)
    }
  },
  checkers: [watching, sequence],
})
