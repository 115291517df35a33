export {
  type BalancerControl,
  type BalancerOptions,
  type BalancerReport,
  balancer,
  type WeightedTarget,
} from './balancer.ts'
export { NodeDrainingError, NodeFullError, QueueFullError, QueueTimeoutError, UnknownControlError } from './errors.ts'
export { HashBalancing, keyOfPayload } from './hash-balancing.ts'
export { LeastConnections } from './least-connections.ts'
export { type NodeControl, type NodeOptions, type NodeReport, node } from './node.ts'
export { RandomChoice, type RandomChoiceOptions } from './random-choice.ts'
export { RoundRobin } from './round-robin.ts'
export type { BalancingChoice, BalancingStrategy, Target } from './strategy.ts'
export { Weighted } from './weighted.ts'
