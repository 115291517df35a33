import { type Actor, actor, protocol, type Ref } from '@troupe/core'
import { activePassive, type Fenced, fenced, Lease, lease } from '@troupe/strategies/failover'
import { type FaultKind, type Scenario, type SimulatedCluster, type SimulatedNode, scenario } from '@troupe/testkit'
import { SITE } from './network.ts'

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
/** Who has the lease and the resource; all others are candidates. */
const HOME = 'n1'

/** What is known of a node. */
interface Known {
  /** Of what was done to the resource, in order. */
  readonly acts: number[]
  /** Of the services that were started. */
  readonly epochs: number[]
  /** Of the service that runs now; null when none does. */
  active: number | null
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
    network: SITE,
    start: (node) => (node.name === HOME ? startHome(node, isFenced) : startCandidate(node)),
    invariant: (cluster) => wrong(cluster, claims),
    converged: ({ nodes }) => [...nodes.values()].filter((node) => isActive(node)).length === 1,
  })
}

async function startHome(node: SimulatedNode, isFenced: boolean): Promise<void> {
  const seen: Known = { acts: [], epochs: [], active: null }
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
  const seen: Known = { acts: [], epochs: [], active: null }
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
    seen.epochs.push(epoch)
    seen.active = epoch
    ctx.onStop(() => {
      seen.active = null
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
  return known.get(node)?.active != null
}

function wrong({ nodes }: SimulatedCluster, { oneAtATime, inOrder }: Claims): string | null {
  const all = [...nodes.values()]
  const active = all.filter((node) => isActive(node)).map(({ name }) => name)
  if (oneAtATime && active.length > 1) return `${active.join(' and ')} are active at once`
  const epochs = all.flatMap((node) => known.get(node)?.epochs ?? [])
  if (new Set(epochs).size < epochs.length) return 'an epoch was given twice'
  const acts = all.flatMap((node) => known.get(node)?.acts ?? [])
  const late = acts.findIndex((epoch, i) => i > 0 && epoch < acts[i - 1]!)
  if (!inOrder || late === -1) return null
  return `something was done in epoch ${acts[late]} after epoch ${acts[late - 1]}`
}
