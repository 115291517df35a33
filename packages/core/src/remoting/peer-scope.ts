import type { CellHost, LocalTarget } from '../actor/cell-host.ts'
import type { AnyRef } from '../actor/ref.ts'
import type { NoteRef, RefParts, ResolveRef } from '../codec/cbor.ts'
import { GivenRefs } from './given-refs.ts'
import type { Peer } from './peer-event.ts'
import type { To } from './wire.ts'

/** No actor's uid: a ref with it leads to a dead letter. */
export const NOBODY: number = -1

/** What a scope needs of the node around it. */
export interface ScopeHost {
  readonly cells: Pick<CellHost, 'uid'>
  readonly resolveRef: ResolveRef
  local(to: To): LocalTarget | null
}

/** What a peer may name here: all for a node; for a client its own actors and what it was given. */
export class PeerScope {
  readonly #host: ScopeHost
  #peer: Peer
  /** Null for a node. Kept from the start: who it is shows later. */
  #given: GivenRefs | null = new GivenRefs()

  constructor(host: ScopeHost, peer: Peer) {
    this.#host = host
    this.#peer = peer
  }

  /** The peer has introduced itself. */
  introduced(peer: Peer): void {
    this.#peer = peer
    if (peer.role === 'client') this.#given ??= new GivenRefs()
    else this.#given = null
  }

  get peerUid(): string {
    return this.#peer.uid
  }

  /** What hears of the refs that the peer is given; null when nothing does. */
  get note(): NoteRef | null {
    return this.#given === null ? null : this.#given.note
  }

  /** A client reaches by uid what it was given, and nothing by path. */
  readonly local = (to: To): LocalTarget | null => {
    const { cells } = this.#host
    if (this.#given === null) return this.#host.local(to)
    return typeof to === 'number' && this.#given.get({ nodeUid: cells.uid, uid: to }) ? this.#host.local(to) : null
  }

  /** A client may name its own actors and what it was given: nobody is told, dialled or watched on its word alone. */
  readonly resolveRef = (parts: RefParts): AnyRef => {
    const { cells, resolveRef } = this.#host
    if (this.#given === null) return resolveRef(parts)
    if (parts.nodeUid === this.#peer.uid) return resolveRef({ ...parts, address: this.#peer.address })
    return resolveRef(this.#given.get(parts) ?? { ...parts, nodeUid: cells.uid, uid: NOBODY })
  }

  /** Who a message is for, in words. */
  nameOf(to: To): string {
    return typeof to === 'string' ? to : (this.#host.local(to)?.path ?? `#${to}`)
  }
}
