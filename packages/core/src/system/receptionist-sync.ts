import { actor } from '../actor/actor.ts'
import type { Actor } from '../actor/context.ts'
import { type Protocol, protocol } from '../actor/protocol.ts'
import { ActorRef, type AnyRef, type Ref } from '../actor/ref.ts'
import { FromPeer } from '../remoting/from-peer.ts'
import type { Receptionist } from './receptionist.ts'

/** Local registrations of one node for one protocol, all of them. */
export interface Listing {
  readonly protocol: string
  readonly refs: readonly AnyRef[]
}

/**
 * How the receptionists of two nodes keep each other up to date. Reached by its path, so that what comes from another node
 * arrives as a {@link FromPeer}.
 */
export interface ReceptionistSync {
  /** All that `node` has registered: replaces whatever was known of it. */
  replace: (all: { node: string; listings: readonly Listing[] }) => void
  /** What `node` has registered under one protocol from now on. */
  update: (one: { node: string; listing: Listing }) => void
  /** From this node only. */
  peerChanged: (change: PeerChange) => void
}

/** What a peer may have sent: of any type. */
interface Said {
  readonly node: string
  readonly listings: unknown
  readonly listing: unknown
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

/** Carries changes of `receptionist` to every connected node, and theirs into it. Takes nothing on trust. */
export function receptionistSync(
  receptionist: Receptionist,
  uid: string,
  { role, exposed }: Visibility,
): Actor<ReceptionistSync> {
  return actor(ReceptionistSync, (context) => {
    const peers = new Map<string, PeerChange>()
    const isTold = (peer: PeerChange, protocol: string): boolean =>
      role === 'node' && (!peer.client || exposed.has(protocol))
    receptionist.onLocalChange = (protocol, refs) => {
      for (const peer of peers.values())
        if (isTold(peer, protocol)) peer.sync?.tell('update', { node: uid, listing: { protocol, refs } })
    }
    context.onStop(() => {
      receptionist.onLocalChange = null
    })
    /**
     * What a peer says of its own actors: nobody speaks for another node. Only of connected ones, as a list of one that
     * is down would never be taken away again.
     */
    const said = (sent: unknown): Partial<Said> | null => {
      if (!(sent instanceof FromPeer) || !peers.has(sent.uid)) return null
      const payload = sent.payload as Partial<Said> | null
      return payload?.node === sent.uid ? payload : null
    }
    return {
      replace: (sent: unknown) => {
        const { node = '', listings: all } = said(sent) ?? {}
        if (!Array.isArray(all)) return
        const listings = all.filter(isListing)
        receptionist.dropRemote(node, new Set(listings.map(({ protocol }) => protocol)))
        for (const { protocol, refs } of listings) receptionist.setRemote(node, protocol, ownOf(node, refs))
      },
      update: (sent: unknown) => {
        const { node = '', listing } = said(sent) ?? {}
        if (isListing(listing)) receptionist.setRemote(node, listing.protocol, ownOf(node, listing.refs))
      },
      peerChanged: (change) => {
        if (!(change instanceof PeerChange)) return
        if (change.sync === null) peers.delete(change.node)
        else {
          peers.set(change.node, change)
          const entries = receptionist.localEntries().filter(([protocol]) => isTold(change, protocol))
          const listings = entries.map(([protocol, refs]) => ({ protocol, refs }))
          if (role === 'node') change.sync.tell('replace', { node: uid, listings })
        }
        if (change.down) receptionist.dropRemote(change.node)
      },
    }
  })
}

function isListing(value: unknown): value is Listing {
  if (typeof value !== 'object' || value === null) return false
  return 'protocol' in value && typeof value.protocol === 'string' && 'refs' in value && Array.isArray(value.refs)
}

/** A node lists its own actors only. */
function ownOf(node: string, refs: readonly unknown[]): AnyRef[] {
  return refs.filter((ref): ref is ActorRef<never> => ref instanceof ActorRef && ref.nodeUid === node)
}
