import { actor } from '../actor/actor.ts'
import type { Actor, Context } from '../actor/context.ts'
import { type Protocol, protocol } from '../actor/protocol.ts'
import { ActorRef, type AnyRef, type Ref } from '../actor/ref.ts'
import { FromPeer } from '../remoting/from-peer.ts'
import type { Cancellable } from '../runtime/scheduler.ts'
import type { Receptionist } from './receptionist.ts'

/** Local registrations of one node for one protocol, all of them. */
export interface Listing {
  readonly protocol: string
  readonly refs: readonly AnyRef[]
}

/** What a node says of its registrations. Versions count what it has told this one node, so that a gap shows. */
export interface Told {
  readonly node: string
  readonly version: number
}

/** What has changed: `added` is listed from now on, and those of `removed`, by id, are not. */
export interface Change extends Told {
  readonly protocol: string
  readonly added: readonly AnyRef[]
  readonly removed: readonly string[]
}

/**
 * How the receptionists of two nodes keep each other up to date. Reached by its path, so that what comes from another node
 * arrives as a {@link FromPeer}.
 */
export interface ReceptionistSync {
  /** All that `node` has registered: replaces whatever was known of it. */
  replace: (all: Told & { readonly listings: readonly Listing[] }) => void
  /** What has changed at `node` since the version before. */
  update: (change: Change) => void
  /** Where `node` is, to whoever has missed something. */
  digest: (told: Told) => void
  /** Tell `node` all again: it has missed something. */
  again: (asking: { readonly node: string }) => void
  /** From this node only. */
  peerChanged: (change: PeerChange) => void
  /** From this node only: time for digests. */
  tick: () => void
}

/** What became of a peer. A class, so that nothing which comes from abroad can pass for one. */
export class PeerChange {
  readonly node: string
  /** Where to send what is registered here; null while there is no connection. */
  readonly sync: Ref<ReceptionistSync> | null
  /** Down for good: what it had registered is gone. */
  readonly down: boolean
  /** A client: it is told of what is exposed. */
  readonly client: boolean

  constructor(node: string, sync: Ref<ReceptionistSync> | null, down: boolean, client: boolean) {
    this.client = client
    this.node = node
    this.sync = sync
    this.down = down
  }
}

export const ReceptionistSync: Protocol<ReceptionistSync> = protocol<ReceptionistSync>('troupe.receptionist')

export const RECEPTIONIST_NAME = 'receptionist'
export const RECEPTIONIST_PATH: string = `/system/${RECEPTIONIST_NAME}`

/** Who is told of what. */
export interface Visibility {
  /** As a client this one tells nobody. */
  readonly role: 'node' | 'client'
  /** The ids of protocols that clients are told of. */
  readonly exposed: ReadonlySet<string>
}

/** How often nodes compare versions, in ms: what is lost otherwise than with a connection is noticed so. */
const DIGEST_MS = 10_000

/** Carries changes of `receptionist` to every connected node, and theirs into it. Takes nothing on trust. */
export function receptionistSync(
  receptionist: Receptionist,
  uid: string,
  visibility: Visibility,
): Actor<ReceptionistSync> {
  return actor(ReceptionistSync, (context) => new Syncing(context, receptionist, uid, visibility))
}

/** What has been checked of what a peer may have sent: who it is from, and a number. */
interface Said {
  readonly node?: string
  readonly version?: number | undefined
  readonly listings?: unknown
  readonly protocol?: unknown
  readonly added?: unknown
  readonly removed?: unknown
}

class Syncing {
  readonly #context: Context<ReceptionistSync>
  readonly #receptionist: Receptionist
  readonly #uid: string
  readonly #visibility: Visibility
  readonly #peers = new Map<string, PeerChange>()
  /** The last version that a node was told, and the last one that it has told; kept while a connection is lost. */
  readonly #told = new Map<string, number>()
  readonly #heard = new Map<string, number>()
  #digests: Cancellable | null = null

  constructor(context: Context<ReceptionistSync>, receptionist: Receptionist, uid: string, visibility: Visibility) {
    this.#context = context
    this.#receptionist = receptionist
    this.#uid = uid
    this.#visibility = visibility
    receptionist.onLocalChange = (protocol, added, removed) => {
      for (const peer of this.#peers.values()) {
        if (!this.#isTold(peer, protocol)) continue
        const change = { protocol, added: added === null ? [] : [added], removed: removed === null ? [] : [removed.id] }
        peer.sync?.tell('update', { node: uid, version: this.#next(peer.node), ...change })
      }
    }
    context.onStop(() => {
      receptionist.onLocalChange = null
    })
  }

  replace(sent: unknown): void {
    const { node, version, listings } = this.#said(sent)
    if (node === undefined || version === undefined || !Array.isArray(listings)) return
    this.#heard.set(node, version)
    const all = listings.filter(isListing)
    this.#receptionist.dropRemote(node, new Set(all.map(({ protocol }) => protocol)))
    for (const { protocol, refs } of all) this.#receptionist.setRemote(node, protocol, ownOf(node, refs))
  }

  update(sent: unknown): void {
    const { node, version, protocol, added, removed } = this.#said(sent)
    if (node === undefined || version === undefined || typeof protocol !== 'string') return
    if (!Array.isArray(added) || !Array.isArray(removed)) return
    if (version !== (this.#heard.get(node) ?? -1) + 1) return this.#ask(node)
    this.#heard.set(node, version)
    const before = this.#receptionist.remote(node, protocol)
    const gone = new Set<unknown>(removed)
    const kept = before.filter(({ id }) => !gone.has(id))
    this.#receptionist.setRemote(node, protocol, [...kept, ...ownOf(node, added)])
  }

  digest(sent: unknown): void {
    const { node, version } = this.#said(sent)
    if (node !== undefined && version !== undefined && version !== this.#heard.get(node)) this.#ask(node)
  }

  again(sent: unknown): void {
    const peer = this.#peers.get(this.#said(sent).node ?? '')
    if (peer !== undefined) this.#tellAll(peer)
  }

  peerChanged(change: PeerChange): void {
    if (!(change instanceof PeerChange)) return
    if (change.sync === null) this.#peers.delete(change.node)
    else {
      this.#peers.set(change.node, change)
      this.#tellAll(change)
    }
    if (change.down) this.#receptionist.dropRemote(change.node)
    if (change.down) this.#forget(change.node)
    this.#plan()
  }

  tick(): void {
    for (const { node, sync, client } of this.#peers.values()) {
      if (!client) sync?.tell('digest', { node: this.#uid, version: this.#told.get(node) ?? 0 })
    }
  }

  /**
   * What a peer says of its own actors; nothing where it speaks for another node, or has no connection, as a list of one
   * that is down would never be taken away again.
   */
  #said(sent: unknown): Said {
    if (!(sent instanceof FromPeer) || !this.#peers.has(sent.uid)) return {}
    const said: Partial<Record<keyof Said, unknown>> = Object(sent.payload)
    if (said.node !== sent.uid) return {}
    const version = Number.isSafeInteger(said.version) ? Number(said.version) : undefined
    return { ...said, node: sent.uid, version }
  }

  #isTold(peer: PeerChange, protocol: string): boolean {
    const { role, exposed } = this.#visibility
    return role === 'node' && (!peer.client || exposed.has(protocol))
  }

  #tellAll(peer: PeerChange): void {
    const entries = this.#receptionist.localEntries().filter(([protocol]) => this.#isTold(peer, protocol))
    const listings = entries.map(([protocol, refs]) => ({ protocol, refs }))
    if (this.#visibility.role === 'client') return
    peer.sync?.tell('replace', { node: this.#uid, version: this.#next(peer.node), listings })
  }

  /** Once for each gap: what comes behind it has to be told again anyway. */
  #ask(node: string): void {
    if (this.#heard.get(node) !== ASKED) this.#peers.get(node)?.sync?.tell('again', { node: this.#uid })
    this.#heard.set(node, ASKED)
  }

  #next(node: string): number {
    const version = (this.#told.get(node) ?? 0) + 1
    this.#told.set(node, version)
    return version
  }

  #forget(node: string): void {
    this.#told.delete(node)
    this.#heard.delete(node)
  }

  #plan(): void {
    if (this.#peers.size === 0) {
      this.#digests?.cancel()
      this.#digests = null
    } else if (this.#visibility.role === 'node') this.#digests ??= this.#context.every(DIGEST_MS, 'tick')
  }
}

/** In place of the version of a node that has been asked for all of it. */
const ASKED = -2

function isListing(value: unknown): value is Listing {
  if (typeof value !== 'object' || value === null) return false
  return 'protocol' in value && typeof value.protocol === 'string' && 'refs' in value && Array.isArray(value.refs)
}

/** A node lists its own actors only. */
function ownOf(node: string, refs: readonly unknown[]): AnyRef[] {
  return refs.filter((ref): ref is ActorRef<never> => ref instanceof ActorRef && ref.nodeUid === node)
}
