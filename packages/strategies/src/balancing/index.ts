export {
  type BalancerControl,
  type BalancerOptions,
  type BalancerReport,
  balancer,
} from './balancer.ts'
export {
  NodeDrainingError,
  NodeFullError,
  NoRouteesError,
  QueueFullError,
  QueueTimeoutError,
  UnknownControlError,
} from './errors.ts'
export { type GroupControl, type GroupOptions, type GroupTargets, group } from './group.ts'
export { HashBalancing, keyOfPayload } from './hash-balancing.ts'
export { LeastConnections } from './least-connections.ts'
export { type NodeControl, type NodeOptions, type NodeReport, node } from './node.ts'
export { type PoolControl, type PoolOptions, pool } from './pool.ts'
export { RandomChoice, type RandomChoiceOptions } from './random-choice.ts'
export { RoundRobin } from './round-robin.ts'
export type { RouterControl, RouterOptions, RouterReport } from './router.ts'
export type { BalancingChoice, BalancingStrategy, Target } from './strategy.ts'
export type { TargetControl, WeightedTarget } from './target-set.ts'
export { Weighted } from './weighted.ts'
