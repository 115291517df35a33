export { type ManualRuntime, manualRuntime } from '@troupe/core/testing'
export {
  type Alone,
  type BehaveArgs,
  type BehaveOptions,
  type Behaviour,
  behave,
  type Handled,
} from './behave/behave.ts'
export type { Effect } from './behave/effect.ts'
export type { Checker, CheckResult } from './checkers/checker.ts'
export type { HistoryEvent, Operation } from './checkers/history.ts'
export { type CheckOptions, checkLinearizable, type Model, type Verdict } from './checkers/linearizability.ts'
export { registerModel } from './checkers/register-model.ts'
export type { FaultKind, FaultOptions } from './nemesis/fault-options.ts'
export type { NemesisAction, NemesisOperation } from './nemesis/nemesis.ts'
export {
  type Anything,
  type NameOf,
  type Probe,
  type ProbeAnswer,
  ProbeError,
  probe,
  type Received,
  type ReplyTo,
  type Stepper,
} from './probe.ts'
export { DiskAtlas, type DiskAtlasOptions } from './simulation/disk/disk-atlas.ts'
export type { DiskEvent, DiskFault } from './simulation/disk/disk-event.ts'
export { type CrashWeights, DEFAULT_DISK_MODEL, type DiskModel } from './simulation/disk/disk-model.ts'
export { SimulatedDisk, type SimulatedDiskOptions } from './simulation/disk/simulated-disk.ts'
export type { OperationOptions } from './simulation/operations.ts'
export type { Run, SimulateOptions } from './simulation/run.ts'
export { type NodeRange, type Scenario, scenario } from './simulation/scenario.ts'
export { simulate } from './simulation/simulate.ts'
export type { SimulatedClient } from './simulation/simulated-client.ts'
export type { SimulatedCluster } from './simulation/simulated-cluster.ts'
export type { SimulatedNode } from './simulation/simulated-node.ts'
export {
  AmbientCallError,
  LivelockError,
  NoNodeError,
  NotInTimeError,
  ViolationError,
} from './simulation/simulation-error.ts'
export type { TraceEvent, TraceKind } from './simulation/trace.ts'
export type { Violation } from './simulation/violation.ts'
export { type Program, World, type WorldOptions } from './simulation/world.ts'
export { within } from './within.ts'
