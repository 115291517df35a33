export {
  type BalancerControl,
  type BalancerOptions,
  type BalancerReport,
  balancer,
} from './balancing/balancer.ts'
export {
  NodeDrainingError,
  NodeFullError,
  NoRouteesError,
  QueueFullError,
  QueueTimeoutError,
  UnknownControlError,
} from './balancing/errors.ts'
export { type GroupControl, type GroupOptions, type GroupTargets, group } from './balancing/group.ts'
export { HashBalancing, keyOfPayload } from './balancing/hash-balancing.ts'
export { LeastConnections } from './balancing/least-connections.ts'
export { type NodeControl, type NodeOptions, type NodeReport, node } from './balancing/node.ts'
export { type PoolControl, type PoolOptions, pool } from './balancing/pool.ts'
export { RandomChoice, type RandomChoiceOptions } from './balancing/random-choice.ts'
export { RoundRobin } from './balancing/round-robin.ts'
export type { RouterControl, RouterOptions, RouterReport } from './balancing/router.ts'
export type { BalancingChoice, BalancingStrategy, Target } from './balancing/strategy.ts'
export type { TargetControl, WeightedTarget } from './balancing/target-set.ts'
export { Weighted } from './balancing/weighted.ts'
export { Cache, CacheLoadTimeoutError, type CacheOptions, type CacheStats, cache } from './caching/cache.ts'
export { type Caches, DistributedStore, type DistributedStoreOptions, distributedCache } from './caching/distributed.ts'
export { MemoryStore, type MemoryStoreOptions } from './caching/memory.ts'
export type { CacheStore } from './caching/store.ts'
export {
  type ActivePassiveOptions,
  activePassive,
  activePassiveGuarantee,
  type CandidateControl,
  NotActiveError,
} from './failover/active-passive.ts'
export { Fence, type Fenced, type FencedOptions, type FencedRequest, fenced } from './failover/fence.ts'
export { type EpochStorage, type Grant, Lease, lease } from './failover/lease.ts'
export { StaleEpochError } from './failover/stale-epoch.ts'
export { type Appointment, type AppointOptions, appoint } from './replication/appoint.ts'
export { NotAppointedError, NotPrimaryError, NotReplicatedError } from './replication/errors.ts'
export type { Guarantee } from './replication/guarantee.ts'
export { NoMajorityError } from './replication/majority.ts'
export { QuorumRegister, type QuorumRegisterOptions } from './replication/quorum-register.ts'
export { type QuorumRegisterActorOptions, quorumRegister, Register } from './replication/register.ts'
export { compareStamps, type RegisterEntry, type Stamp } from './replication/register-entry.ts'
export {
  type RegisterEntries,
  type RegisterListing,
  type RegisterReading,
  RegisterReplica,
  type RegisterReplicaOptions,
  type RegisterStorage,
  type RegisterWrite,
  registerReplica,
} from './replication/register-replica.ts'
export { type ReplicaOptions, replica } from './replication/replica.ts'
export {
  type Append,
  type Appended,
  type Install,
  Replica,
  type ReplicaStatus,
  type View,
} from './replication/replica-protocol.ts'
export type { LogEntry, Position } from './replication/replication-log.ts'
export type { StateMachine } from './replication/state-machine.ts'
export { Asynchronous, PrimaryBackup, type ReplicationStrategy, Synchronous } from './replication/strategy.ts'
export { ColumnSharding } from './sharding/column.ts'
export { ColumnGroup, type Columns, columnGroup } from './sharding/column-group.ts'
export { ColumnTable, columnTable } from './sharding/column-table.ts'
export { KeyValue, keyValueShard, type Row, type Scan } from './sharding/key-value.ts'
export { RangeSharding } from './sharding/range.ts'
export { RendezvousSharding } from './sharding/rendezvous.ts'
export { shardedStore } from './sharding/sharded-store.ts'
export type { ShardingStrategy, ShardRange } from './sharding/strategy.ts'
