import type { HistoryEvent } from '../checkers/history.ts'
import type { MessageFault, NemesisOperation } from '../nemesis/nemesis.ts'
import type { Scenario } from './scenario.ts'
import type { TraceEvent } from './trace.ts'
import type { Violation } from './violation.ts'

/** Interim: the part that the explorer needs. */
export interface SimulateOptions {
  readonly scenario: Scenario
  readonly seed: number | string
  readonly mode?: 'fifo' | 'explore'
  readonly nemesis?: readonly NemesisOperation[]
  readonly messageFaults?: readonly MessageFault[]
  readonly durationMs?: number
  readonly nodes?: number
  readonly clients?: number
  readonly operations?: number
  readonly record?: boolean
  readonly trap?: boolean
}

/** Interim: the part that the explorer needs. */
export interface Run {
  readonly scenario: string
  readonly seed: string
  readonly violations: readonly Violation[]
  readonly history: readonly HistoryEvent[]
  readonly hash: string
  readonly checkpoints: readonly string[]
  readonly events: number
  readonly simulatedMs: number
  readonly nemesis: readonly NemesisOperation[]
  readonly messageFaults: readonly MessageFault[]
  readonly nodes: readonly string[]
  readonly trace: readonly TraceEvent[]
  readonly draws: {
    readonly nodes: number
    readonly clients: number
    readonly durationMs: number
    readonly operations: number
  }
}

export function simulate(_options: SimulateOptions): Promise<Run> {
  return Promise.reject(new Error('not yet'))
}
