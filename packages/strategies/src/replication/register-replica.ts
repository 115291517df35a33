import { type Actor, actor, checkOptions, type Forwarded, is, type Protocol, protocol } from '@troupe/core'
import { compareStamps, type RegisterEntry, type Stamp, UNWRITTEN } from './register-entry.ts'

/** One copy of all registers. Every answer bears the replica's id, so that none counts twice for a majority. */
export interface RegisterReplica {
  read: (key: string) => RegisterReading
  /** Answers once the entry is saved, or at once when a newer one is there already. */
  write: (request: RegisterWrite) => { readonly replica: string }
  /** The stamps of all keys that begin with the prefix, tombstones included. */
  list: (prefix: string) => RegisterListing
}

export interface RegisterReading {
  readonly replica: string
  readonly entry: RegisterEntry
}

export interface RegisterWrite {
  readonly key: string
  readonly entry: RegisterEntry
}

export interface RegisterListing {
  readonly replica: string
  readonly keys: readonly (Stamp & { readonly key: string; readonly deleted: boolean })[]
}

export const RegisterReplica: Protocol<RegisterReplica> = protocol<RegisterReplica>('register-replica')

/**
 * Where a replica keeps its entries. A write is acknowledged when `save` is done, so durability is what
 * `save` makes of it. A replica that forgets entries it has acknowledged breaks the register's guarantee.
 */
export interface RegisterStorage {
  /** All entries ever saved, the latest of each key. Called once per start of the replica. */
  load(): RegisterEntries | Promise<RegisterEntries>
  /** Replaces the entry of a key, wholly or not at all. Calls do not overlap. */
  save(key: string, entry: RegisterEntry): void | Promise<void>
}

export type RegisterEntries = Iterable<readonly [key: string, entry: RegisterEntry]>

export interface RegisterReplicaOptions {
  /** Names this copy for good, across restarts and moves. Default: the actor's address and path. */
  readonly id?: string
  /** Default: memory only. What a restart forgets then counts as a lost replica. */
  readonly storage?: RegisterStorage
}

/** An actor that keeps one copy of all registers. Memory: one entry per key ever written, tombstones included. */
export function registerReplica(options: RegisterReplicaOptions = {}): Actor<RegisterReplica> {
  checkOptions('registerReplica', options, { id: is.string, storage: is.object })
  const storage = options.storage ?? NOWHERE
  return actor(RegisterReplica, (ctx) => {
    const replica = options.id ?? `${ctx.self.address}${ctx.self.path}`
    const entries = new Map<string, RegisterEntry>()
    const loading = fill(entries, storage)
    let loaded = !(loading instanceof Promise)
    /** Messages wait until the storage has been read: an answer before that would be a lost write. */
    const whenLoaded = <T>(handle: () => T | Promise<T>): T | Promise<T> => {
      if (loaded) return handle()
      return Promise.resolve(loading).then(() => {
        loaded = true
        return handle()
      })
    }
    // Seen by the first message, which fails the actor; without one there is nobody to tell.
    if (loading instanceof Promise) loading.catch((error) => ctx.log.error('cannot load registers', error))

    const keep = ({ key, entry }: RegisterWrite): { replica: string } | Promise<{ replica: string } | Forwarded> => {
      const known = entries.get(key)
      if (known !== undefined && compareStamps(entry, known) <= 0) return { replica }
      const kept = (): { replica: string } => {
        entries.set(key, entry)
        return { replica }
      }
      const saving = storage.save(key, entry)
      // A storage that is full now may have room later: refuse this write and stay.
      return saving instanceof Promise ? saving.then(kept, (error) => ctx.replyError(error)) : kept()
    }
    return {
      read: (key) => whenLoaded(() => ({ replica, entry: entries.get(key) ?? UNWRITTEN })),
      write: (request) => whenLoaded<{ replica: string } | Forwarded>(() => keep(request)) as { replica: string },
      list: (prefix) => whenLoaded(() => ({ replica, keys: stampsOf(entries, prefix) })),
    }
  })
}

const NOWHERE: RegisterStorage = { load: () => [], save: () => {} }

function fill(entries: Map<string, RegisterEntry>, storage: RegisterStorage): void | Promise<void> {
  const add = (loaded: RegisterEntries): void => {
    for (const [key, entry] of loaded) entries.set(key, entry)
  }
  const loading = storage.load()
  return loading instanceof Promise ? loading.then(add) : add(loading)
}

function stampsOf(entries: ReadonlyMap<string, RegisterEntry>, prefix: string): RegisterListing['keys'] {
  const keys: (Stamp & { key: string; deleted: boolean })[] = []
  for (const [key, { counter, writer, deleted }] of entries) {
    if (key.startsWith(prefix)) keys.push({ key, counter, writer, deleted })
  }
  return keys
}
