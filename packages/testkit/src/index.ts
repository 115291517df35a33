export { type ManualRuntime, manualRuntime } from '@troupe/core/testing'
export { probe } from './actor-probe.ts'
export type { Alone, Behaviour, Handled, StandIn } from './behave/alone.ts'
export { type BehaveArgs, type BehaveOptions, behave } from './behave/behave.ts'
export type { Effect } from './behave/effect.ts'
export { canonical } from './checkers/canonical.ts'
export type { Checker, CheckResult } from './checkers/checker.ts'
export { closedIntervals } from './checkers/closed-intervals.ts'
export { type ConvergenceOptions, convergence } from './checkers/convergence.ts'
export { type CounterOptions, counterInterval } from './checkers/counters.ts'
export { type Action, type HistoryEvent, type Operation, operations } from './checkers/history.ts'
export { type DiagramOptions, historyDiagram } from './checkers/history-diagram.ts'
export { HistoryError } from './checkers/history-error.ts'
export { readHistory, writeHistory } from './checkers/history-lines.ts'
export { type CheckOptions, checkLinearizable, linearizable } from './checkers/linearizability.ts'
export type { Model } from './checkers/model.ts'
export { counterModel } from './checkers/models/counter.ts'
export { keyValueModel } from './checkers/models/key-value.ts'
export { type LockState, lockModel } from './checkers/models/lock.ts'
export { queueModel } from './checkers/models/queue.ts'
export { registerModel } from './checkers/models/register.ts'
export { setModel } from './checkers/models/set.ts'
export type { SessionGuarantee } from './checkers/session-guarantee.ts'
export { type SessionOptions, sessions } from './checkers/sessions.ts'
export { type ElementFate, elementFates, type SetFullOptions, setFull } from './checkers/set-full.ts'
export { type VersionedSessionOptions, versionedSessions } from './checkers/versioned-sessions.ts'
export { type Caveat, caveatsOf, type Traits, traitsOf } from './explorer/caveats.ts'
export { ddmin } from './explorer/ddmin.ts'
export { checkDeterminism } from './explorer/determinism.ts'
export {
  assertNoViolations,
  type Exploration,
  ExplorationError,
  type ExploreOptions,
  explore,
  runSeed,
} from './explorer/explore.ts'
export type { Plan } from './explorer/plan.ts'
export {
  formatRepro,
  parseRepro,
  type Repro,
  ReproFormatError,
  replay,
  simulateOptions,
} from './explorer/repro.ts'
export { parseSeed } from './explorer/seeds.ts'
export { type ShrinkOptions, type ShrinkProgress, shrink } from './explorer/shrinker.ts'
export { spaceTime } from './explorer/space-time.ts'
export { type Failure, type Outcome, type StopAt, Sweep, type SweepProgress } from './explorer/sweep.ts'
export { type TimelineOptions, timeline } from './explorer/timeline.ts'
export type { FaultKind, FaultOptions } from './nemesis/fault-options.ts'
export type { NemesisAction, NemesisOperation } from './nemesis/nemesis.ts'
export {
  type Anything,
  type NameOf,
  type Probe,
  type ProbeAnswer,
  ProbeError,
  type Received,
  type ReplyTo,
  type Stepper,
} from './probe.ts'
export { type Coverage, NO_COVERAGE } from './simulation/coverage.ts'
export { DiskAtlas, type DiskAtlasOptions } from './simulation/disk/disk-atlas.ts'
export type { DiskEvent, DiskFault } from './simulation/disk/disk-event.ts'
export { type CrashWeights, DEFAULT_DISK_MODEL, type DiskModel } from './simulation/disk/disk-model.ts'
export { SimulatedDisk, type SimulatedDiskOptions } from './simulation/disk/simulated-disk.ts'
export type { Program } from './simulation/machine.ts'
export type { OperationOptions } from './simulation/operations.ts'
export type { Run, SimulateOptions } from './simulation/run.ts'
export { type NodeRange, type Scenario, scenario, type Wrong } from './simulation/scenario.ts'
export { simulate } from './simulation/simulate.ts'
export type { SimulatedClient } from './simulation/simulated-client.ts'
export type { SimulatedCluster } from './simulation/simulated-cluster.ts'
export type { SimulatedNode } from './simulation/simulated-node.ts'
export {
  AmbientCallError,
  LivelockError,
  NoNodeError,
  NotInTimeError,
  SimulationRunningError,
  ViolationError,
} from './simulation/simulation-error.ts'
export type { Trace, TraceEvent, TraceKind } from './simulation/trace.ts'
export type { Violation } from './simulation/violation.ts'
export { World } from './simulation/world.ts'
export type { WorldOptions } from './simulation/world-options.ts'
export { within } from './within.ts'
