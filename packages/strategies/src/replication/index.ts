export { type Appointment, type AppointOptions, appoint } from './appoint.ts'
export { NotAppointedError, NotPrimaryError, NotReplicatedError } from './errors.ts'
export type { Guarantee } from './guarantee.ts'
export { NoMajorityError } from './majority.ts'
export { QuorumRegister, type QuorumRegisterOptions } from './quorum-register.ts'
export { type QuorumRegisterActorOptions, quorumRegister, Register } from './register.ts'
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
export { type ReplicaOptions, replica } from './replica.ts'
export { type Append, type Appended, type Install, Replica, type ReplicaStatus, type View } from './replica-protocol.ts'
export type { LogEntry, Position } from './replication-log.ts'
export type { StateMachine } from './state-machine.ts'
export { Asynchronous, PrimaryBackup, type ReplicationStrategy, Synchronous } from './strategy.ts'
