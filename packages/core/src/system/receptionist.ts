import type { Registry } from '../actor/cell-host.ts'
import { LocalRef } from '../actor/local-ref.ts'
import type { Protocol } from '../actor/protocol.ts'
import { ActorRef, type AnyRef, type Ref } from '../actor/ref.ts'
import { ServiceNotFoundError } from '../errors.ts'
import type { TimerQueue } from '../runtime/timer-queue.ts'

type Listener = (refs: readonly AnyRef[]) => void

/** Who is registered under which protocol, here and on connected nodes. Local ones are listed first. */
export class Receptionist implements Registry {
  readonly #timers: TimerQueue
  readonly #local = new Map<string, readonly AnyRef[]>()
  /** Per local ref, what it is registered under: most actors are in here never. */
  readonly #protocolsOf = new Map<AnyRef, string[]>()
  readonly #remote = new Map<string, Map<string, readonly AnyRef[]>>()
  readonly #listeners = new Map<string, Set<Listener>>()
  /** How to end each find under way. */
  readonly #finding = new Set<(error: Error) => void>()
  /** Called after each change to the local part: other nodes want to know. */
  onLocalChange: ((protocol: string, added: AnyRef | null, removed: AnyRef | null) => void) | null = null

  constructor(timers: TimerQueue) {
    this.#timers = timers
  }

  register(protocol: string, ref: AnyRef): void {
    const refs = this.#local.get(protocol) ?? []
    // One that has stopped meanwhile will not unregister any more: everybody would find it for ever.
    if (refs.includes(ref) || isGone(ref)) return
    if (ref instanceof LocalRef) ref.target.markKnown()
    this.#setLocal(protocol, [...refs, ref])
    this.onLocalChange?.(protocol, ref, null)
    this.#protocolsOf.set(ref, [...(this.#protocolsOf.get(ref) ?? []), protocol])
  }

  unregister(ref: AnyRef): void {
    const protocols = this.#protocolsOf.get(ref)
    if (protocols === undefined) return
    this.#protocolsOf.delete(ref)
    for (const protocol of protocols) {
      this.#setLocal(
        protocol,
        (this.#local.get(protocol) ?? []).filter((other) => other !== ref),
      )
      this.onLocalChange?.(protocol, null, ref)
    }
  }

  /** All registered under `protocol`, those on this node first. */
  all<Q>(protocol: Protocol<Q>): readonly Ref<Q>[] {
    return this.#all(protocol.id) as readonly Ref<Q>[]
  }

  find<Q>(protocol: Protocol<Q>, timeoutMs: number): Promise<Ref<Q>> {
    return new Promise((resolve, reject) => {
      const known = this.all(protocol)[0]
      if (known !== undefined) return resolve(known)
      const end = (): void => {
        deadline.cancel()
        unlisten()
        this.#finding.delete(fail)
      }
      const fail = (error: Error): void => {
        end()
        reject(error)
      }
      const deadline = this.#timers.after(timeoutMs, () => fail(new ServiceNotFoundError(protocol.id, timeoutMs)))
      const unlisten = this.#listen(protocol.id, (refs) => {
        if (refs.length === 0) return
        end()
        resolve(refs[0] as Ref<Q>)
      })
      this.#finding.add(fail)
    })
  }

  /** The system has stopped: whoever still waits to find somebody is told so. */
  close(error: Error): void {
    for (const fail of [...this.#finding]) fail(error)
  }

  subscribe<Q>(protocol: Protocol<Q>, listener: (refs: readonly Ref<Q>[]) => void): () => void {
    const end = this.#listen(protocol.id, listener as Listener)
    listener(this.all(protocol))
    return end
  }

  /** All local registrations: what a node that connects is told first. */
  localEntries(): [protocol: string, refs: readonly AnyRef[]][] {
    return [...this.#local]
  }

  /** What node `uid` has said last about one protocol. */
  remote(uid: string, protocol: string): readonly AnyRef[] {
    return this.#remote.get(uid)?.get(protocol) ?? []
  }

  /** What node `uid` says about one protocol. */
  setRemote(uid: string, protocol: string, refs: readonly AnyRef[]): void {
    const entries = this.#remote.get(uid) ?? new Map<string, readonly AnyRef[]>()
    this.#remote.set(uid, entries)
    if (refs.length === 0) entries.delete(protocol)
    else entries.set(protocol, refs)
    this.#changed(protocol)
  }

  /** Forgets what node `uid` has registered, except for the protocols in `keep`. */
  dropRemote(uid: string, keep: ReadonlySet<string> = NONE): void {
    for (const protocol of [...(this.#remote.get(uid)?.keys() ?? [])]) {
      if (!keep.has(protocol)) this.setRemote(uid, protocol, [])
    }
    if (this.#remote.get(uid)?.size === 0) this.#remote.delete(uid)
  }

  #setLocal(protocol: string, refs: readonly AnyRef[]): void {
    if (refs.length === 0) this.#local.delete(protocol)
    else this.#local.set(protocol, refs)
    this.#changed(protocol)
  }

  #all(protocol: string): readonly AnyRef[] {
    const all = [...(this.#local.get(protocol) ?? [])]
    for (const entries of this.#remote.values()) all.push(...(entries.get(protocol) ?? []))
    return all
  }

  #listen(protocol: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(protocol) ?? new Set()
    this.#listeners.set(protocol, listeners)
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(protocol) === listeners) this.#listeners.delete(protocol)
    }
  }

  #changed(protocol: string): void {
    const listeners = this.#listeners.get(protocol)
    if (listeners === undefined) return
    const refs = this.#all(protocol)
    for (const listener of [...listeners]) listener(refs)
  }
}

/** Of a local actor: a watcher of one that is gone is told at once. */
function isGone(ref: AnyRef): boolean {
  if (!(ref instanceof ActorRef)) return false
  let gone = false
  const probe = { terminated: () => void (gone = true) }
  ref.addWatcher(probe)
  ref.removeWatcher(probe)
  return gone
}

const NONE: ReadonlySet<string> = new Set()
