import { type Protocol, protocol, type Ref } from '@troupe/core'
import {
  appoint,
  type Replica,
  type ReplicationStrategy,
  replica,
  type StateMachine,
} from '@troupe/strategies/replication'
import type { SimulatedClient, SimulatedCluster, SimulatedNode } from '@troupe/testkit'

/** A list that numbers are put at the end of. */
export type Copy = Replica<number, string>

export const NAMES = ['n1', 'n2', 'n3'] as const

/** Each replica is registered under a name of its own: for whoever wants this one. */
const tokens: ReadonlyMap<string, Protocol<Copy>> = new Map(NAMES.map((name) => [name, protocol<Copy>(`copy-${name}`)]))

/** What each node has ever had in its copy. */
const held = new WeakMap<SimulatedNode, Set<number>>()

/** Keeps numbers in order, and says on which node it did so. */
class NumberList implements StateMachine<number, string> {
  readonly #node: string
  readonly #held: Set<number>
  #numbers: number[] = []

  constructor(node: string, held: Set<number>) {
    this.#node = node
    this.#held = held
  }

  apply(number: number): string {
    this.#numbers.push(number)
    this.#held.add(number)
    return this.#node
  }

  snapshot(): unknown {
    return [...this.#numbers]
  }

  restore(snapshot: unknown): void {
    this.#numbers = [...(snapshot as number[])]
    for (const number of this.#numbers) this.#held.add(number)
  }
}

/** Starts a node with one copy. A cut of a few seconds is no death here. */
export async function startReplica(node: SimulatedNode, strategy: ReplicationStrategy): Promise<void> {
  // Whoever makes a run smaller must not take a copy away: that would be another fault.
  if (node.others.length + 1 < NAMES.length) throw new RangeError(`there must be ${NAMES.length} copies`)
  const system = await node.createSystem({ seeds: node.others, disconnectGraceMs: 600_000 })
  const numbers = new Set<number>()
  held.set(node, numbers)
  // Longer than it takes to appoint another: then a retry may come to the wrong one.
  const retryMs = node.random.stream('retries').below(3) === 0 ? 300 : 30
  const options = { timeoutMs: 300, retryMs, logLimit: 4 }
  const copy = system.spawn(
    replica(strategy, () => new NumberList(node.name, numbers), options),
    { name: 'copy' },
  )
  system.register(tokens.get(node.name)!, copy)
}

/** On how many nodes a number has been. */
export function copiesOf(number: number, { nodes }: SimulatedCluster): number {
  return [...nodes.values()].filter((node) => held.get(node)?.has(number)).length
}

/** Who has been appointed, by names. */
export interface View {
  readonly epoch: number
  readonly primary: string
  readonly size: number
}

/** The copies that a system knows of, by name. */
export function knownCopies(system: SimulatedClient['system']): ReadonlyMap<string, Ref<Copy>> {
  const known = new Map<string, Ref<Copy>>()
  for (const [name, token] of tokens) {
    const [ref] = system.findAll(token)
    if (ref !== undefined) known.set(name, ref)
  }
  return known
}

/** Appoints one of the copies, of which `minimum` must answer. */
export async function appointOne(
  copies: ReadonlyMap<string, Ref<Copy>>,
  epoch: number,
  minimum: number,
): Promise<View> {
  const { primary, backups } = await appoint([...copies.values()], epoch, { minimum, timeoutMs: 200 })
  const [name] = [...copies].find(([, ref]) => ref.id === primary.id)!
  return { epoch, primary: name, size: backups.length + 1 }
}

/** Who says that it is primary, of the latest epoch. */
export async function findPrimary(copies: ReadonlyMap<string, Ref<Copy>>): Promise<string | null> {
  let best: { readonly name: string; readonly epoch: number } | null = null
  const asked = [...copies].map(async ([name, ref]) => {
    const { role, epoch } = await ref.ask('$status', undefined, { timeoutMs: 200 })
    if (role === 'primary' && epoch > (best?.epoch ?? 0)) best = { name, epoch }
  })
  await Promise.allSettled(asked)
  return (best as { readonly name: string } | null)?.name ?? null
}
