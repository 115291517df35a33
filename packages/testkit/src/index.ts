export { type ManualRuntime, manualRuntime } from '@troupe/core/testing'
export { probe } from './actor-probe.ts'
export type { Alone, Behaviour, Handled, StandIn } from './behave/alone.ts'
export { type BehaveArgs, type BehaveOptions, behave } from './behave/behave.ts'
export type { Effect } from './behave/effect.ts'
export type { HistoryEvent, Operation } from './checkers/history.ts'
export { type CheckOptions, checkLinearizable, type Model, type Verdict } from './checkers/linearizability.ts'
export { registerModel } from './checkers/register-model.ts'
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
export { DiskAtlas, type DiskAtlasOptions } from './simulation/disk/disk-atlas.ts'
export type { DiskEvent, DiskFault } from './simulation/disk/disk-event.ts'
export { type CrashWeights, DEFAULT_DISK_MODEL, type DiskModel } from './simulation/disk/disk-model.ts'
export { SimulatedDisk, type SimulatedDiskOptions } from './simulation/disk/simulated-disk.ts'
export { within } from './within.ts'
