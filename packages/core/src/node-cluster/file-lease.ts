import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClusterLease } from '../cluster/cluster-lease.ts'
import { is, requireOptions } from '../options.ts'
import type { Clock } from '../runtime/clock.ts'
import { realRuntime } from '../runtime/real.ts'

export interface FileLeaseOptions {
  /** A folder that all nodes of the cluster share. It is made if there is none. */
  readonly folder: string
  /** Of several leases in one folder. Default `lease`. */
  readonly name?: string
  /** Default: that of the host. */
  readonly clock?: Clock
}

/** What a file says of an owner. */
interface Record {
  /** Empty: given up. */
  readonly owner: string
  readonly ttlMs: number
  /** Another one for each renewal. */
  readonly count: number
}

/** The file that counts: the one with the highest number. */
interface Current {
  /** 0 when there is none. */
  readonly epoch: number
  readonly text: string
  /** Null when there is none, or none that can be read. */
  readonly record: Record | null
}

/** A number as it is written here: others stand for no file, or for another one. */
const NUMBER = /^[1-9]\d{0,14}$/
const UNREADABLE = '?'

/**
 * A lease in a folder that all nodes share, on one machine or on a network disk that has hard links. Each owner has a file
 * with a number of its own, and that with the highest number counts. Nobody compares clocks: the lease of a silent owner
 * is over once whoever wants it has seen its file unchanged for the time to live. Some ms for each question.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function fileLease(options: FileLeaseOptions): ClusterLease {
  requireOptions('fileLease', options, { folder: is.string }, { name: isName, clock: is.objectWith('a clock', 'now') })
  const { folder, name = 'lease', clock = realRuntime().clock } = options
  return new FileLease(folder, name, clock)
}

function isName(value: unknown): string | null {
  return typeof value === 'string' && /^[\w-]+$/.test(value) ? null : 'letters, digits, - and _'
}

class FileLease implements ClusterLease {
  readonly #folder: string
  readonly #name: string
  readonly #clock: Clock
  /** What stood in the file that counts when it was read last, and since when it has. */
  #seen = { epoch: 0, text: '', sinceMs: 0 }
  #count = 0

  constructor(folder: string, name: string, clock: Clock) {
    this.#folder = folder
    this.#name = name
    this.#clock = clock
  }

  async acquire(owner: string, ttlMs: number): Promise<boolean> {
    const current = await this.#read()
    const { record, epoch } = current
    if (record?.owner === owner) return this.#rewrite(epoch, { owner, ttlMs, count: ++this.#count })
    // One that cannot be read is that of somebody who did not get to write it, and who is waited for as long as this one.
    const held = record ?? { owner: UNREADABLE, ttlMs }
    if (epoch !== 0 && held.owner !== '' && !this.#isOver(current, held)) return false
    return this.#take(current, { owner, ttlMs, count: ++this.#count })
  }

  async renew(owner: string, ttlMs: number): Promise<boolean> {
    const { record, epoch } = await this.#read()
    return record?.owner === owner && this.#rewrite(epoch, { owner, ttlMs, count: ++this.#count })
  }

  async release(owner: string): Promise<void> {
    const { record, epoch } = await this.#read()
    if (record?.owner === owner) await this.#rewrite(epoch, { owner: '', ttlMs: 0, count: ++this.#count })
  }

  /** Whether its owner has been silent for as long as it lives. */
  #isOver({ epoch, text }: Current, { ttlMs }: Pick<Record, 'ttlMs'>): boolean {
    const nowMs = this.#clock.now()
    if (this.#seen.epoch !== epoch || this.#seen.text !== text) this.#seen = { epoch, text, sinceMs: nowMs }
    return nowMs - this.#seen.sinceMs >= ttlMs
  }

  /** @returns false when another one was faster */
  async #take(before: Current, record: Record): Promise<boolean> {
    await mkdir(this.#folder, { recursive: true })
    const epoch = before.epoch + 1
    const draft = await this.#draft(epoch, record)
    try {
      // With all that it says, and not where there is one.
      await link(draft, this.#file(epoch))
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false
      throw error
    } finally {
      await rm(draft, { force: true })
    }
    // A silent owner may have spoken meanwhile: it looks for higher numbers after it has written, and this one at what
    // it wrote after there is one, so that one of the two sees the other.
    const old = before.epoch === 0 ? '' : await this.#textOf(before.epoch)
    const isBeaten = (await this.#epochs()).some((other) => other > epoch)
    if (isBeaten || old !== before.text) {
      await rm(this.#file(epoch), { force: true })
      return false
    }
    for (const other of await this.#epochs()) if (other < epoch) await rm(this.#file(other), { force: true })
    return true
  }

  /** @returns false when the file counts no more */
  async #rewrite(epoch: number, record: Record): Promise<boolean> {
    await rename(await this.#draft(epoch, record), this.#file(epoch))
    return (await this.#epochs()).every((other) => other <= epoch)
  }

  async #draft(epoch: number, record: Record): Promise<string> {
    const path = `${this.#file(epoch)}.${encodeURIComponent(record.owner) || 'nobody'}.${record.count}`
    await writeFile(path, JSON.stringify(record))
    return path
  }

  async #read(): Promise<Current> {
    for (;;) {
      const epoch = Math.max(0, ...(await this.#epochs()))
      if (epoch === 0) return { epoch, text: '', record: null }
      const text = await this.#textOf(epoch)
      // Removed meanwhile: there is a higher one.
      if (text !== null) return { epoch, text, record: recordOf(text) }
    }
  }

  async #textOf(epoch: number): Promise<string | null> {
    try {
      return await readFile(this.#file(epoch), 'utf8')
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null
      throw error
    }
  }

  async #epochs(): Promise<number[]> {
    const start = `${this.#name}.`
    const files = await readdir(this.#folder).catch((error) => {
      if (codeOf(error) === 'ENOENT') return []
      throw error
    })
    const numbers = files.filter((file) => file.startsWith(start)).map((file) => file.slice(start.length))
    return numbers.filter((number) => NUMBER.test(number)).map(Number)
  }

  #file(epoch: number): string {
    return join(this.#folder, `${this.#name}.${epoch}`)
  }
}

/** A disk that was full, or a machine that lost its power, may leave anything. */
function recordOf(text: string): Record | null {
  try {
    const { owner, ttlMs, count } = JSON.parse(text) as Partial<Record>
    const isOne = typeof owner === 'string' && Number.isFinite(ttlMs) && Number.isFinite(count)
    return isOne ? ({ owner, ttlMs, count } as Record) : null
  } catch {
    return null
  }
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | null)?.code
}
