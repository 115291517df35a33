import type { Random } from '@troupe/core'
import type { DiskAtlas } from './disk-atlas.ts'
import type { DiskModel } from './disk-model.ts'
import { pageOf, type StoredFile } from './stored-file.ts'

/** Stands for the name of a file, where the atlas asks for a page. */
const NAME = -1

/** Pages of a file that were damaged, by the names under which the atlas knows them. */
type Damage = Map<number, Set<string>>

/** How long calls take and what goes wrong with them. Each kind of chance has a stream of its own: no fault shifts another. */
export class DiskFaults {
  model: DiskModel
  readonly #node: string
  readonly #random: Random
  readonly #atlas: DiskAtlas | null
  readonly #streams = new Map<string, Random>()
  /** What lies have kept from becoming durable: an honest sync makes up for it. */
  readonly #lied = new Map<StoredFile, Damage>()
  /** Names whose changes a lie has kept from becoming durable. */
  readonly #liedNames = new Set<string>()
  /** What is damaged until the page is gone. */
  readonly #lasting = new Map<StoredFile, Damage>()

  constructor(node: string, random: Random, model: DiskModel, atlas: DiskAtlas | null) {
    this.#node = node
    this.#random = random
    this.model = model
    this.#atlas = atlas
  }

  /** Of its own for each purpose. */
  stream(purpose: string): Random {
    const stream = this.#streams.get(purpose) ?? this.#random.stream(purpose)
    this.#streams.set(purpose, stream)
    return stream
  }

  /** @param sizeBytes how much is moved */
  latencyMs(sizeBytes: number): number {
    const { minLatencyMs, meanLatencyMs, bytesPerMs } = this.model
    const movedUs = Math.floor((sizeBytes * 1_000) / bytesPerMs)
    return (this.#spreadUs('latency', minLatencyMs, meanLatencyMs) + movedUs) / 1_000
  }

  syncLatencyMs(): { readonly ms: number; readonly delayed: boolean } {
    const { minSyncMs, meanSyncMs, delayedSync } = this.model
    const us = this.#spreadUs('sync latency', minSyncMs, meanSyncMs)
    const delayed = delayedSync !== null && this.stream('delayed sync').below(delayedSync.oneIn) === 0
    if (!delayed) return { ms: us / 1_000, delayed }
    const delayUs = this.stream('sync delay').below(Math.round(delayedSync.maxMs * 1_000) + 1)
    return { ms: (us + delayUs) / 1_000, delayed }
  }

  /** Evenly from the least to as far above the mean as the least is below. */
  #spreadUs(purpose: string, minMs: number, meanMs: number): number {
    const minUs = Math.round(minMs * 1_000)
    const meanUs = Math.round(meanMs * 1_000)
    return minUs + this.stream(purpose).below(2 * (meanUs - minUs) + 1)
  }

  failsRead(): boolean {
    return this.#happens('failed read', this.model.failedReadPerMillion)
  }

  failsWrite(): boolean {
    return this.#happens('failed write', this.model.failedWritePerMillion)
  }

  failsSync(): boolean {
    return this.#happens('failed sync', this.model.failedSyncPerMillion)
  }

  /** Whether the sync of a file lies, which the atlas must allow for all that it would make durable. */
  liesAtSync(file: StoredFile): boolean {
    if (!this.#happens('lying sync', this.model.lyingSyncPerMillion)) return false
    return this.#claim(this.#lied, file, file.unsynced)
  }

  /** Whether a sync of names lies, which the atlas must allow for all files whose names have changed. */
  liesAtNameSync(changed: readonly string[]): boolean {
    if (changed.length === 0 || !this.#happens('lying name sync', this.model.lyingNameSyncPerMillion)) return false
    if (this.#atlas === null) return true
    if (this.#atlas.unit === 'page') return false
    // All or none; those of before are claimed already.
    const fresh = [...new Set(changed)].filter((name) => !this.#liedNames.has(name))
    for (const name of fresh) {
      if (this.#atlas.claim(this.#node, name, [NAME])) this.#liedNames.add(name)
      else {
        this.#releaseNames(fresh)
        return false
      }
    }
    return true
  }

  /** The page to corrupt among those that are read; null for none. */
  corruptsRead(file: StoredFile, offset: number, length: number): number | null {
    const end = Math.min(offset + length, file.sizeBytes)
    if (end <= offset || !this.#happens('corrupted read', this.model.corruptedReadPerMillion)) return null
    const first = pageOf(offset)
    const page = first + this.stream('corrupted page').below(pageOf(end - 1) - first + 1)
    return this.#claim(this.#lasting, file, [page]) ? page : null
  }

  /** The page on top of which what is appended goes; null for none. Call it before the append. */
  misdirectsWrite(file: StoredFile): number | null {
    const from = pageOf(file.sizeBytes)
    if (from === 0 || !this.#happens('misdirected write', this.model.misdirectedWritePerMillion)) return null
    const to = this.stream('misdirected page').below(from)
    return this.#claim(this.#lasting, file, [from, to]) ? to : null
  }

  // What mends damage, or takes it away

  /** A sync of the file has done what it says. */
  synced(file: StoredFile): void {
    this.#release(this.#lied, file, 0)
    this.#release(this.#lasting, file, file.pages)
  }

  /** A sync of names has done what it says. */
  namesSynced(): void {
    this.#releaseNames([...this.#liedNames])
  }

  /** What a lie has held back of names may be lost for good: that stays damage. */
  namesCrashed(): void {
    this.#liedNames.clear()
  }

  /** What a lie has held back is lost for good. */
  crashed(file: StoredFile): void {
    const lied = this.#lied.get(file)
    this.#lied.delete(file)
    if (lied === undefined) return
    const lasting = damageOf(this.#lasting, file)
    for (const [page, names] of lied) lasting.set(page, new Set([...(lasting.get(page) ?? []), ...names]))
  }

  gone(file: StoredFile): void {
    this.#release(this.#lied, file, 0)
    this.#release(this.#lasting, file, 0)
  }

  #releaseNames(names: readonly string[]): void {
    for (const name of names) if (this.#liedNames.delete(name)) this.#atlas?.release(this.#node, name, NAME)
  }

  #happens(purpose: string, perMillion: number): boolean {
    return perMillion > 0 && this.stream(purpose).below(1_000_000) < perMillion
  }

  #claim(damage: Map<StoredFile, Damage>, file: StoredFile, pages: readonly number[]): boolean {
    if (this.#atlas === null) return true
    if (!this.#atlas.claim(this.#node, file.name, pages)) return false
    const byPage = damageOf(damage, file)
    for (const page of pages) byPage.set(page, (byPage.get(page) ?? new Set()).add(file.name))
    return true
  }

  /** Forgets the damage from page `from` on, unless a claim of the other kind holds the same page. */
  #release(damage: Map<StoredFile, Damage>, file: StoredFile, from: number): void {
    const byPage = damage.get(file)
    if (byPage === undefined) return
    const other = (damage === this.#lied ? this.#lasting : this.#lied).get(file)
    for (const [page, names] of [...byPage]) {
      if (page < from) continue
      byPage.delete(page)
      for (const name of names) if (other?.get(page)?.has(name) !== true) this.#atlas?.release(this.#node, name, page)
    }
    if (byPage.size === 0) damage.delete(file)
  }
}

function damageOf(damage: Map<StoredFile, Damage>, file: StoredFile): Damage {
  const known = damage.get(file) ?? new Map<number, Set<string>>()
  damage.set(file, known)
  return known
}
