import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RegisterEntries, RegisterEntry, RegisterStorage } from '@troupe/strategies/replication'
import { TEMPORARY, writeDurably } from './durable-file.ts'
import type { Manifest } from './manifest.ts'

/** An entry as it stands in its file: JSON, with the block ids in hex. */
interface Saved {
  readonly key: string
  readonly entry: Omit<RegisterEntry, 'value'> & {
    readonly value: (Omit<Manifest, 'blocks'> & { blocks: string }) | null
  }
}

/** The names of one node: a file per name, named after its hash. A write is acknowledged when it is on disk. */
export class NameDisk implements RegisterStorage {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async load(): Promise<RegisterEntries> {
    await mkdir(this.#folder, { recursive: true })
    const entries: [string, RegisterEntry][] = []
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name)
      if (name.endsWith(TEMPORARY)) await rm(path, { force: true })
      else if (name.endsWith('.json')) entries.push(parse(path, await readFile(path, 'utf8')))
    }
    return entries
  }

  save(key: string, entry: RegisterEntry): Promise<void> {
    const name = `${createHash('sha256').update(key).digest('hex')}.json`
    return writeDurably(join(this.#folder, name), Buffer.from(format(key, entry)))
  }
}

function format(key: string, entry: RegisterEntry): string {
  const manifest = entry.value as Manifest | null
  const value = manifest === null ? null : { ...manifest, blocks: Buffer.from(manifest.blocks).toString('hex') }
  return JSON.stringify({ key, entry: { ...entry, value } } satisfies Saved)
}

function parse(path: string, text: string): [string, RegisterEntry] {
  try {
    const { key, entry }: Saved = JSON.parse(text)
    const { value } = entry
    const manifest = value === null ? null : { ...value, blocks: new Uint8Array(Buffer.from(value.blocks, 'hex')) }
    return [key, { ...entry, value: manifest }]
  } catch (cause) {
    // To go on without it could lose a name that a majority counts on: better one node less.
    throw new Error(`${path} is damaged; remove this node's folder and it is filled again from the others`, { cause })
  }
}
