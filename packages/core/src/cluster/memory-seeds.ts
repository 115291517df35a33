import type { Discovery } from './discovery.ts'

/** A {@link Discovery} that is told who is there: for tests, simulations, and many nodes in one process. */
export class MemorySeeds implements Discovery {
  readonly name = 'memory seeds'
  readonly #addresses = new Set<string>()

  add(address: string): void {
    this.#addresses.add(address)
  }

  delete(address: string): void {
    this.#addresses.delete(address)
  }

  lookup(): Promise<readonly string[]> {
    return Promise.resolve([...this.#addresses])
  }
}

/** Finds what is added to it, at once and by all who share it. */
export function memorySeeds(...addresses: readonly string[]): MemorySeeds {
  const seeds = new MemorySeeds()
  for (const address of addresses) seeds.add(address)
  return seeds
}
