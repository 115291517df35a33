export type { Guarantee } from './guarantee.ts'
export { NoMajorityError } from './majority.ts'
export { QuorumRegister, type QuorumRegisterOptions } from './quorum-register.ts'
export { quorumRegister, Register } from './register.ts'
export { compareStamps, type RegisterEntry, type Stamp } from './register-entry.ts'
export {
  type RegisterEntries,
  type RegisterListing,
  type RegisterReading,
  RegisterReplica,
  type RegisterReplicaOptions,
  type RegisterStorage,
  type RegisterWrite,
  registerReplica,
} from './register-replica.ts'
