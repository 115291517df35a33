import type { Random } from '@troupe/core'
import type { CrashWeights } from './disk-model.ts'

/** What a disk's cache keeps or loses by itself. */
export const PAGE_BYTES = 4_096
/** What a disk writes wholly or not at all. */
export const SECTOR_BYTES = 512
const SECTORS_PER_PAGE = PAGE_BYTES / SECTOR_BYTES

/**
 * One file as the host sees it and as it is on the platters: its content, and for each page that has changed since the
 * last sync what a crash may bring back. Appending costs O(bytes), a sync or a crash O(pages that have changed).
 */
export class StoredFile {
  /** Its present name, also once it is gone. */
  name: string
  /** Whole pages; zeros behind the end. */
  #bytes = new Uint8Array(0)
  #size = 0
  #durableSize = 0
  /** The shortest it has been since the last sync: what stands before it was synced and not touched since. */
  #lowest = 0
  /** Of each page that has changed since: what of it is durable. */
  readonly #durable = new Map<number, Uint8Array>()
  /** Those of them that a failed sync left behind: the host takes them for written, so that no later sync writes them. */
  readonly #doubtful = new Set<number>()

  constructor(name: string) {
    this.name = name
  }

  get sizeBytes(): number {
    return this.#size
  }

  /** How many pages there are, the last one not always a whole one. */
  get pages(): number {
    return Math.ceil(this.#size / PAGE_BYTES)
  }

  /** The pages that a sync would write now, in the order of the first change. */
  get unsynced(): readonly number[] {
    return [...this.#durable.keys()].filter((page) => !this.#doubtful.has(page))
  }

  append(bytes: Uint8Array): void {
    const end = this.#size + bytes.byteLength
    this.#reserve(end)
    for (let page = pageOf(this.#size); page * PAGE_BYTES < end; page++) this.#touch(page)
    this.#bytes.set(bytes, this.#size)
    this.#size = end
  }

  truncate(sizeBytes: number): void {
    for (let page = pageOf(sizeBytes); page * PAGE_BYTES < this.#size; page++) this.#touch(page)
    this.#bytes.fill(0, sizeBytes, this.#size)
    this.#size = sizeBytes
    this.#lowest = Math.min(this.#lowest, sizeBytes)
  }

  /** A copy of what stands there, shorter where the file ends. */
  read(offset: number, length: number): Uint8Array {
    return this.#bytes.slice(Math.min(offset, this.#size), Math.min(offset + length, this.#size))
  }

  sync(): void {
    for (const page of this.unsynced) this.#durable.delete(page)
    this.#durableSize = this.#size
    this.#lowest = this.#size
  }

  failSync(): void {
    for (const page of this.#durable.keys()) this.#doubtful.add(page)
  }

  /**
   * The host goes down. What was synced stays; of the rest each page is kept, dropped or torn, as `weights` say. The
   * file ends behind the last sector that was kept, or, in one of four cases, where it ended before: its length was
   * written and its content was not. A cut that was not synced is undone in one of two.
   */
  crash(random: Random, weights: CrashWeights): void {
    if (this.#durable.size === 0) return
    const undone = this.#lowest < this.#durableSize && random.below(2) === 0
    let end = undone ? this.#durableSize : this.#lowest
    if (this.#size > end && random.below(4) === 0) end = this.#size
    this.#reserve(Math.max(this.#size, this.#durableSize))
    for (const page of [...this.#durable.keys()].sort((a, b) => a - b)) {
      const old = this.#durable.get(page)!
      if (!undone) old.fill(0, Math.max(0, Math.min(PAGE_BYTES, this.#lowest - page * PAGE_BYTES)))
      end = Math.max(end, this.#settle(page, old, drawFate(random, weights), random))
    }
    this.#size = end
    this.#durable.clear()
    this.#doubtful.clear()
    this.sync()
  }

  /** Makes one page what the crash has left of it. @returns where the last sector that was kept ends, 0 for none */
  #settle(page: number, old: Uint8Array, fate: keyof CrashWeights, random: Random): number {
    let end = 0
    for (let sector = 0; sector < SECTORS_PER_PAGE; sector++) {
      const from = page * PAGE_BYTES + sector * SECTOR_BYTES
      const kept = fate === 'kept' || (fate === 'torn' && random.below(2) === 0)
      // Behind the end nothing was written that could be kept.
      if (kept && from < this.#size) end = Math.min(from + SECTOR_BYTES, this.#size)
      else this.#bytes.set(old.subarray(sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES), from)
    }
    return end
  }

  /** One bit of a page changes, as if it had been written like that. */
  corrupt(page: number, random: Random): void {
    const from = page * PAGE_BYTES
    const at = from + random.below(Math.min(PAGE_BYTES, this.#size - from))
    this.#bytes[at] = this.#bytes[at]! ^ (1 << random.below(8))
  }

  /**
   * What was written to page `from` last, behind `sizeBefore`, stands in page `to` instead, on top of what was there.
   *
   * @param to a page before `from`
   */
  misdirect(from: number, to: number, sizeBefore: number): void {
    this.#touch(to)
    const start = Math.max(sizeBefore, from * PAGE_BYTES)
    const stray = this.#bytes.slice(start, Math.min(this.#size, (from + 1) * PAGE_BYTES))
    this.#bytes.set(stray, to * PAGE_BYTES + (start - from * PAGE_BYTES))
    this.#bytes.fill(0, start, start + stray.byteLength)
  }

  #touch(page: number): void {
    this.#doubtful.delete(page)
    if (this.#durable.has(page)) return
    this.#durable.set(page, this.#bytes.slice(page * PAGE_BYTES, (page + 1) * PAGE_BYTES))
  }

  #reserve(sizeBytes: number): void {
    if (sizeBytes <= this.#bytes.byteLength) return
    const pages = Math.max(Math.ceil(sizeBytes / PAGE_BYTES), (2 * this.#bytes.byteLength) / PAGE_BYTES)
    const grown = new Uint8Array(pages * PAGE_BYTES)
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}

/** Which page a byte is in. */
export function pageOf(offset: number): number {
  return Math.floor(offset / PAGE_BYTES)
}

function drawFate(random: Random, { kept, dropped, torn }: CrashWeights): keyof CrashWeights {
  const drawn = random.below(kept + dropped + torn)
  return drawn < kept ? 'kept' : drawn < kept + dropped ? 'dropped' : 'torn'
}
