export { type MemoryNetwork, type MemoryNetworkOptions, memoryNetwork } from './memory-network.ts'
export { type MemoryTransportOptions, memoryTransport } from './memory-transport.ts'
