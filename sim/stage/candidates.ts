import { type Actor, actor, protocol, type Ref } from '@troupe/core'
import { activePassive, type Fenced, fenced, Lease, lease } from '@troupe/strategies/failover'
import { type FaultKind, type Scenario, type SimulatedCluster, type SimulatedNode, scenario } from '@troupe/testkit'
import type { LinkModel } from '@troupe/transport-memory/simulated'

interface Resource {
  /** Something is done to it, in an epoch. */
  act: (epoch: number) => void
}
const Resource = protocol<Resource>('resource')
const FencedResource = protocol<Fenced<Resource>>('fenced-resource')

interface Service {
  beat: () => void
}
const Service = protocol<Service>('service')

const TTL_MS = 240
const BEAT_MS = 15
/** Answers often take as long as a candidate may wait for them: what is counted from when matters. */
const NETWORK: LinkModel = {
  meanLatencyMs: 5,
  longTail: { oneIn: 3, maxMs: 60 },
  reconnectMs: 20,
  detectMs: 50,
  clogMs: 60,
}
/** Who has the lease and the resource; all others are candidates. */
const HOME = 'n1'

/** From when to when a service ran, by the wall clock, which is the same everywhere as long as nobody sets it. */
interface Term {
  readonly node: string
  readonly epoch: number
  readonly fromMs: number
  /** Infinity while it runs. */
  untilMs: number
}

/** What is known of a node. */
interface Known {
  /** Epochs of what was done to the resource, in order. */
  readonly acts: number[]
  readonly terms: Term[]
}

const known = new WeakMap<SimulatedNode, Known>()

/** What must hold of a lease and its candidates. */
export interface Claims {
  /** At no time do two candidates run their services. */
  readonly oneAtATime: boolean
  /** What is done to the resource is done in the order of epochs. */
  readonly inOrder: boolean
}

/**
 * Candidates for one lease, whose service works on a resource, while links break. Each epoch is given once, and when all
 * is healed there is one active candidate again.
 *
 * @param isFenced whether the resource checks epochs
 */
export function candidates(name: string, kinds: readonly FaultKind[], claims: Claims, isFenced = true): Scenario {
  return scenario({
    name,
    nodes: 3,
    durationMs: 3_000,
    convergeMs: 20_000,
    faults: { kinds, meanGapMs: 150 },
    network: NETWORK,
    start: (node) => (node.name === HOME ? startHome(node, isFenced) : startCandidate(node)),
    invariant: (cluster) => wrong(cluster, claims),
    converged: ({ nodes }) => [...nodes.values()].filter((node) => isActive(node)).length === 1,
  })
}

async function startHome(node: SimulatedNode, isFenced: boolean): Promise<void> {
  const seen: Known = { acts: [], terms: [] }
  known.set(node, seen)
  const system = await node.createSystem({ seeds: node.others, disconnectGraceMs: 600_000 })
  const resource = actor(Resource, () => ({ act: (epoch) => void seen.acts.push(epoch) }))
  const behind = isFenced ? fenced(resource) : unfenced(seen)
  system.register(FencedResource, system.spawn(behind, { name: 'resource' }))
  system.register(Lease, system.spawn(lease(), { name: 'lease' }))
}

/** Takes the same messages, and checks nothing. */
function unfenced(seen: Known): Actor<Fenced<Resource>> {
  return actor(FencedResource, () => ({ act: ({ payload }) => void seen.acts.push(payload) }))
}

async function startCandidate(node: SimulatedNode): Promise<void> {
  const seen: Known = { acts: [], terms: [] }
  known.set(node, seen)
  const system = await node.createSystem({ seeds: node.others, disconnectGraceMs: 600_000 })
  void Promise.all([
    system.find(Lease, { timeoutMs: 60_000 }),
    system.find(FencedResource, { timeoutMs: 60_000 }),
  ]).then(
    ([found, resource]) => {
      const service = (epoch: number): Actor<Service> => serviceOf(node, seen, epoch, resource)
      system.spawn(activePassive({ lease: found, owner: node.name, service, ttlMs: TTL_MS }), { name: 'candidate' })
    },
    // A run that is over before it has begun.
    () => {},
  )
}

/** Works on the resource again and again, and ends by itself now and then. */
function serviceOf(node: SimulatedNode, seen: Known, epoch: number, resource: Ref<Fenced<Resource>>): Actor<Service> {
  return actor(Service, (ctx) => {
    const { clock } = node.runtime
    const term: Term = { node: node.name, epoch, fromMs: clock.wall(), untilMs: Number.POSITIVE_INFINITY }
    seen.terms.push(term)
    ctx.onStop(() => {
      term.untilMs = clock.wall()
    })
    ctx.every(BEAT_MS, 'beat')
    return {
      beat: () => {
        resource.tell('act', { epoch, payload: epoch })
        if (node.random.below(40) === 0) ctx.stop()
      },
    }
  })
}

function isActive(node: SimulatedNode): boolean {
  return known.get(node)?.terms.at(-1)?.untilMs === Number.POSITIVE_INFINITY
}

function wrong({ nodes }: SimulatedCluster, { oneAtATime, inOrder }: Claims): string | null {
  const all = [...nodes.values()]
  const terms = all.flatMap((node) => known.get(node)?.terms ?? [])
  if (new Set(terms.map(({ epoch }) => epoch)).size < terms.length) return 'an epoch was given twice'
  const both = oneAtATime ? overlap(terms) : null
  if (both !== null) return both
  const acts = all.flatMap((node) => known.get(node)?.acts ?? [])
  const late = acts.findIndex((epoch, i) => i > 0 && epoch < acts[i - 1]!)
  if (!inOrder || late === -1) return null
  return `something was done in epoch ${acts[late]} after epoch ${acts[late - 1]}`
}

function overlap(terms: readonly Term[]): string | null {
  for (const one of terms) {
    // Wall clocks count in whole ms.
    const other = terms.find((term) => term !== one && term.fromMs >= one.fromMs && term.fromMs + 1 < one.untilMs)
    if (other !== undefined) return `${one.node} is active in epoch ${one.epoch}, and ${other.node} in ${other.epoch}`
  }
  return null
}
