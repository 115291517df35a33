import { checkOptions, InvalidOptionError, is } from '@troupe/core'
import type { LinkModel } from '@troupe/transport-memory/simulated'
import type { Checker } from '../checkers/checker.ts'
import type { HistoryEvent } from '../checkers/history.ts'
import { FAULT_KINDS, type FaultOptions } from '../nemesis/fault-options.ts'
import type { SimulatedClient } from './simulated-client.ts'
import type { SimulatedCluster } from './simulated-cluster.ts'
import type { SimulatedNode } from './simulated-node.ts'

/**
 * A cluster, what clients do with it, and what must be so whatever happens: all that `simulate` needs besides a seed.
 */
export interface Scenario {
  /** For reports and file names. */
  readonly name: string
  /** How many nodes, called n1, n2, ...; a least and a most, of which the seed chooses; or their names. Default 3. */
  readonly nodes?: number | readonly string[] | NodeRange
  /** How long faults happen and clients work, in virtual ms. Default 30,000. */
  readonly durationMs?: number
  /** How long after all faults are healed the cluster may take to be as it should, in virtual ms. Default 30,000. */
  readonly convergeMs?: number
  /**
   * What runs on a node: called at its start, and again after a crash, a wipe and an upgrade. Where it rejects because
   * its disk fails, the process ends and is started again a second later; else that is a violation.
   */
  start(node: SimulatedNode): unknown
  /** How many clients, c1, c2, ..., each on a node of its own that can be cut off too. Default 0. */
  readonly clients?: number
  /**
   * One operation of a client, or a few: called again and again with pauses, until faults end. It may
   * reject with an `AskError`, an `OfferError` or a `ServiceNotFoundError`; anything else is a violation.
   */
  client?(client: SimulatedClient): Promise<void>
  /** Mean pause of a client between two calls, in virtual ms. Default 100. */
  readonly thinkMs?: number
  /** Which faults a seed may choose. Default: all but wipes and disks that lie. `false`: none. */
  readonly faults?: FaultOptions | false
  /** How links behave. Default: the seed chooses. */
  readonly network?: LinkModel
  /**
   * Whom the end of faults brings back: `all`, or a `majority` that the seed chooses, while the rest stays down for
   * good; then `converged` and `settle` see that majority alone. Default `all`.
   */
  readonly heals?: 'all' | 'majority'
  /** Who leads, so that a seed may cut it off: the name of a node, or null. */
  leader?(cluster: SimulatedCluster): string | null
  /** Must hold always: asked after each fault and every 100 ms. A text, or {@link Wrong}, says what is wrong. */
  invariant?(cluster: SimulatedCluster): string | Wrong | null
  /** Must come true after all faults are healed: asked every 100 ms, once all nodes have started. */
  converged?(cluster: SimulatedCluster): boolean | Promise<boolean>
  /** Judge what clients saw, at the end. */
  readonly checkers?: readonly Checker[]
  /** Works with the cluster once it has converged: fresh operations, final reads. It must not reject. */
  settle?(cluster: SimulatedCluster): Promise<void>
}

/** What is wrong, as an invariant sees it. */
export interface Wrong {
  /** For people. */
  readonly message: string
  /** The events of the history that show it, invokes and ends: timelines and diagrams mark those operations. */
  readonly conflict: readonly HistoryEvent[]
}

/** How many nodes a cluster may have, both ends included. */
export interface NodeRange {
  readonly min: number
  readonly max: number
}

/**
 * A scenario, checked.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function scenario(options: Scenario): Scenario {
  for (const option of ['name', 'start'] as const) {
    if (options?.[option] === undefined) throw new InvalidOptionError('scenario', option, 'given', undefined)
  }
  checkOptions('scenario', options, {
    name: is.string,
    nodes: checkNodes,
    durationMs: is.integer(1),
    convergeMs: is.integer(1),
    start: is.function,
    clients: is.integer(0),
    client: is.function,
    thinkMs: is.integer(0),
    faults: (value) => (value === false ? null : is.object(value)),
    network: is.object,
    heals: is.oneOf('all', 'majority'),
    leader: is.function,
    invariant: is.function,
    converged: is.function,
    checkers: checkCheckers,
    settle: is.function,
  })
  if (options.faults !== false) {
    checkOptions('faults', options.faults, {
      kinds: kindsOf(FAULT_KINDS),
      maxDown: is.integer(0),
      meanGapMs: is.integer(1),
      versions: is.array,
    })
  }
  if (options.client !== undefined && options.clients === undefined) {
    throw new InvalidOptionError('scenario', 'clients', 'given, as there is a client: how many of them', undefined)
  }
  if ((options.clients ?? 0) > 0 && options.client === undefined) {
    throw new InvalidOptionError('scenario', 'client', 'given, as there are clients', undefined)
  }
  return options
}

function checkNodes(value: unknown): string | null {
  const expected = 'a number of at least 1, names that differ, or { min, max }'
  if (typeof value === 'number') return is.integer(1)(value) === null ? null : expected
  if (Array.isArray(value)) {
    const names = value.every((name) => is.string(name) === null) && new Set(value).size === value.length
    return names && value.length > 0 ? null : expected
  }
  const { min, max } = (value ?? {}) as Partial<Record<string, unknown>>
  return is.integer(1)(min) === null && is.integer(Number(min))(max) === null ? null : expected
}

function checkCheckers(value: unknown): string | null {
  const isChecker = (each: unknown): boolean => is.objectWith('a checker', 'check')(each) === null
  if (Array.isArray(value) && value.every(isChecker)) return null
  return 'a list of checkers, such as [linearizable(registerModel())] or [sessions()]: each has a method check'
}

function kindsOf(known: readonly string[]): (value: unknown) => string | null {
  return (value) => {
    const expected = `some of ${known.join(', ')}`
    if (!Array.isArray(value)) return expected
    const unknown = value.find((kind) => !known.includes(kind))
    return unknown === undefined ? null : `${expected}, and not "${String(unknown)}"`
  }
}
