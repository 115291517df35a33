export {
  type ActivePassiveOptions,
  activePassive,
  activePassiveGuarantee,
  type CandidateControl,
  NotActiveError,
} from './active-passive.ts'
export { Fence, type Fenced, type FencedOptions, type FencedRequest, fenced } from './fence.ts'
export { type EpochStorage, type Grant, Lease, lease } from './lease.ts'
export { StaleEpochError } from './stale-epoch.ts'
