import type { FaultOptions } from '../nemesis/fault-options.ts'
import type { Coverage } from '../simulation/coverage.ts'
import type { Scenario } from '../simulation/scenario.ts'

/** A reason why no violation says less than it seems to. */
export interface Caveat {
  readonly name: 'unanswered' | 'unrecorded' | 'unjudged' | 'undecided' | 'unlinked' | 'uncrashed'
  /** Nothing was tested. The others may be meant. */
  readonly isFatal: boolean
  /** For people, with a way out. */
  readonly message: string
}

/** What of a scenario says how much its runs can show: data, for another process. */
export interface Traits {
  readonly hasClients: boolean
  readonly hasCheckers: boolean
  /** Something else judges its runs: an invariant, `converged` or `settle`. */
  readonly hasOthers: boolean
  /** At most one node: nobody to be connected with. */
  readonly isAlone: boolean
  /** Nodes may crash as far as kinds of faults go, and yet none may ever be down. */
  readonly hasNoneToSpare: boolean
}

export function traitsOf(scenario: Scenario): Traits {
  const { clients = 0, checkers = [], invariant, converged, settle, nodes = 3, faults = {} } = scenario
  const most =
    typeof nodes === 'number' ? nodes : Array.isArray(nodes) ? nodes.length : (nodes as { readonly max: number }).max
  return {
    hasClients: clients > 0,
    hasCheckers: checkers.length > 0,
    hasOthers: [invariant, converged, settle].some((judge) => judge !== undefined),
    isAlone: most === 1,
    hasNoneToSpare: most < 3 && faults !== false && faults.maxDown === undefined && mayCrash(faults),
  }
}

function mayCrash({ kinds }: FaultOptions): boolean {
  return kinds === undefined || kinds.some((kind) => kind === 'crash' || kind === 'wipe' || kind === 'upgrade')
}

/** What is to be known of runs that have shown no violation; empty when they have tested something. */
export function caveatsOf(traits: Traits, coverage: Coverage): Caveat[] {
  const { hasClients, hasCheckers, hasOthers, isAlone, hasNoneToSpare } = traits
  const { ok, fail, info, notes, error, undecided, isLinked } = coverage
  const caveats: Caveat[] = []
  if (ok === 0 && fail + info > 0) {
    const why = error === null ? 'they never ended' : `the first ended with: ${error}`
    caveats.push({
      name: 'unanswered',
      isFatal: true,
      message: `none of ${fail + info} operations of clients was answered, so nothing was tested; ${why}`,
    })
  }
  if (ok + fail + info + notes === 0 && (hasClients || hasCheckers)) {
    const message = hasClients
      ? 'clients have recorded no operation: does client reach client.operation(...), and does it find whom it asks?'
      : 'there is no history to check: give the scenario clients and a client that calls client.operation(...)'
    // Without a checker, clients may do without a history.
    caveats.push({ name: 'unrecorded', isFatal: hasCheckers, message })
  }
  if (!hasCheckers && !hasOthers) {
    caveats.push({
      name: 'unjudged',
      isFatal: false,
      message: 'nothing but crashes can fail: give the scenario checkers, an invariant, converged or settle',
    })
  }
  if (!isAlone && !isLinked) {
    caveats.push({
      name: 'unlinked',
      isFatal: false,
      message: 'no two nodes were ever connected: does start give createSystem({ seeds: node.others })?',
    })
  }
  if (undecided !== null) {
    caveats.push({ name: 'undecided', isFatal: false, message: `a checker could not decide: ${undecided}` })
  }
  if (hasNoneToSpare) {
    caveats.push({
      name: 'uncrashed',
      isFatal: false,
      message:
        'no node ever crashes, as a minority of fewer than three is none: give faults: { maxDown: 1 } or more nodes',
    })
  }
  return caveats
}
