import { actor } from '../actor/actor.ts'
import type { Actor } from '../actor/context.ts'
import { type Protocol, protocol } from '../actor/protocol.ts'
import { ActorRef, type AnyRef, type Ref } from '../actor/ref.ts'
import type { Receptionist } from './receptionist.ts'

/** Local registrations of one node for one protocol, all of them. */
export interface Listing {
  readonly protocol: string
  readonly refs: readonly AnyRef[]
}

/** How the receptionists of two nodes keep each other up to date. Reached by its path. */
export interface ReceptionistSync {
  /** All that `node` has registered: replaces whatever was known of it. */
  replace: (all: { node: string; listings: readonly Listing[] }) => void
  /** What `node` has registered under one protocol from now on. */
  update: (one: { node: string; listing: Listing }) => void
  /** From this node only. */
  peerChanged: (change: PeerChange) => void
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
    /** Only of connected nodes: a list of one that is down would never be taken away again. */
    const isListed = (all: { node: string } | null | undefined): boolean => peers.has(all?.node ?? '')
    return {
      replace: (all) => {
        if (!isListed(all) || !Array.isArray(all.listings)) return
        const listings = all.listings.filter(isListing)
        receptionist.dropRemote(all.node, new Set(listings.map(({ protocol }) => protocol)))
        for (const { protocol, refs } of listings) receptionist.setRemote(all.node, protocol, ownOf(all.node, refs))
      },
      update: (one) => {
        if (!isListed(one) || !isListing(one.listing)) return
        receptionist.setRemote(one.node, one.listing.protocol, ownOf(one.node, one.listing.refs))
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
