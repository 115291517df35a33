export type { LinkModel } from './link-model.ts'
export type { DropReason, MessageFault, NetworkEvent } from './network-event.ts'
export {
  bridgeOf,
  type Direction,
  isolationOf,
  majoritiesRingOf,
  type PartitionOptions,
  partitionOf,
} from './partition.ts'
export { type SimulatedNetwork, type SimulatedNetworkOptions, simulatedNetwork } from './simulated-network.ts'
