export { Cache, CacheLoadTimeoutError, type CacheOptions, type CacheStats, cache } from './cache.ts'
export { type Caches, DistributedStore, type DistributedStoreOptions, distributedCache } from './distributed.ts'
export { MemoryStore, type MemoryStoreOptions } from './memory.ts'
export type { CacheStore } from './store.ts'
