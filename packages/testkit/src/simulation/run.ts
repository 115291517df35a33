import type { MessageFault } from '@troupe/transport-memory/simulated'
import type { HistoryEvent } from '../checkers/history.ts'
import type { NemesisOperation } from '../nemesis/nemesis.ts'
import type { Coverage } from './coverage.ts'
import type { Scenario } from './scenario.ts'
import type { TraceEvent } from './trace.ts'
import type { Violation } from './violation.ts'

/** Which run of a scenario, and how. */
export interface SimulateOptions {
  readonly scenario: Scenario
  /** Decides the run. A text, such as the hash of a commit, is hashed, unless it is a number in digits. */
  readonly seed: number | string
  /** In which order things happen that are due at one instant: any, or as they became due. Default `explore`. */
  readonly mode?: 'fifo' | 'explore'
  /** What happens to the cluster, instead of what the seed says. */
  readonly nemesis?: readonly NemesisOperation[]
  /** What happens to single frames, instead of what the seed says. */
  readonly messageFaults?: readonly MessageFault[]
  /** Instead of the scenario's. */
  readonly durationMs?: number
  /** How many nodes, instead of what the scenario or the seed says. */
  readonly nodes?: number
  /** How many clients, instead of what the scenario says. */
  readonly clients?: number
  /** Clients begin nothing more when they have done this many operations together. */
  readonly operations?: number
  /**
   * Operations of clients that are left out, by their numbers, counted from 1 in the order in which they begin: they are
   * not done and not recorded, and `client.operation` gives undefined as where nobody answers.
   */
  readonly leftOut?: readonly number[]
  /** Whether to keep all that happens, for diagrams. Default false. */
  readonly record?: boolean
  /** Whether calls of what no seed decides are violations. Default true. */
  readonly trap?: boolean
  /**
   * A turn that takes longer than this, in ms of real time, is taken to go on for ever, and cut off: a violation `livelock`.
   * Default 10,000.
   */
  readonly turnLimitMs?: number
}

/** What came of a run. All of it is data: a run can be written to a file, and begun again from it. */
export interface Run {
  readonly scenario: string
  readonly seed: string
  /** Empty: the run has shown nothing it must not. */
  readonly violations: readonly Violation[]
  readonly history: readonly HistoryEvent[]
  /** Of all that happened, 16 hexadecimal digits: equal for equal runs, on every engine. */
  readonly hash: string
  /** The hash after each 1,024 events. */
  readonly checkpoints: readonly string[]
  readonly events: number
  readonly simulatedMs: number
  /** What happened to the cluster. */
  readonly nemesis: readonly NemesisOperation[]
  readonly messageFaults: readonly MessageFault[]
  readonly nodes: readonly string[]
  /** What happened, in order; empty unless it was to be recorded. */
  readonly trace: readonly TraceEvent[]
  /** How much was at work: what clients got, and whether nodes were connected. */
  readonly coverage: Coverage
  /** How large the run was. */
  readonly draws: {
    readonly nodes: number
    readonly clients: number
    readonly durationMs: number
    /** Those left out are counted too. */
    readonly operations: number
  }
}
