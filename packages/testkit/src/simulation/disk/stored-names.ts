import type { Random } from '@troupe/core'
import { StoredFile } from './stored-file.ts'

interface Change {
  /** Those it changes. */
  readonly names: readonly string[]
  apply(names: Map<string, StoredFile>): void
}

/** Which files there are: as the host sees it, and what of it is durable. */
export class StoredNames {
  #present = new Map<string, StoredFile>()
  #durable = new Map<string, StoredFile>()
  /** Since the last sync, in order. */
  #changes: Change[] = []

  get(name: string): StoredFile | undefined {
    return this.#present.get(name)
  }

  list(): string[] {
    return [...this.#present.keys()].sort()
  }

  /** How long all files are together, in bytes. */
  get usedBytes(): number {
    let sum = 0
    for (const file of this.#present.values()) sum += file.sizeBytes
    return sum
  }

  create(name: string): StoredFile {
    const file = new StoredFile(name)
    this.#change([name], (names) => names.set(name, file))
    return file
  }

  rename(from: string, to: string): void {
    const file = this.#present.get(from)!
    file.name = to
    this.#change([from, to], (names) => {
      names.delete(from)
      names.set(to, file)
    })
  }

  remove(name: string): void {
    this.#change([name], (names) => names.delete(name))
  }

  /** What has changed since the last sync, in order, some more than once. */
  get changed(): readonly string[] {
    return this.#changes.flatMap(({ names }) => names)
  }

  /** Makes the present names durable. @returns the files that are gone for good by it */
  sync(): StoredFile[] {
    this.#changes = []
    const gone = [...this.#durable.values()]
    this.#durable = new Map(this.#present)
    const left = new Set(this.#present.values())
    return gone.filter((file) => !left.has(file))
  }

  /**
   * Undoes the latest changes that were not synced, any number of them with equal chance.
   *
   * @returns the files there are, and those that are gone for good, in the order they were made
   */
  crash(random: Random): { readonly left: readonly StoredFile[]; readonly gone: readonly StoredFile[] } {
    const before = new Set([...this.#durable.values(), ...this.#present.values()])
    const kept = this.#changes.length === 0 ? 0 : random.below(this.#changes.length + 1)
    for (const change of this.#changes.slice(0, kept)) change.apply(this.#durable)
    this.#changes = []
    this.#present = new Map(this.#durable)
    for (const [name, file] of this.#present) file.name = name
    const left = [...this.#present.values()]
    for (const file of left) before.delete(file)
    return { left, gone: [...before] }
  }

  /** @returns all files there were */
  clear(): StoredFile[] {
    const files = new Set([...this.#durable.values(), ...this.#present.values()])
    this.#present.clear()
    this.#durable.clear()
    this.#changes = []
    return [...files]
  }

  #change(names: readonly string[], apply: Change['apply']): void {
    apply(this.#present)
    this.#changes.push({ names, apply })
  }
}
