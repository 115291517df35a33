import { actor } from '../actor/actor.ts'
import type { Actor } from '../actor/context.ts'
import { type Protocol, protocol } from '../actor/protocol.ts'
import type { AnyRef, Ref } from '../actor/ref.ts'
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
  /** `node` is connected: send it all there is here. */
  peerUp: (sync: Ref<ReceptionistSync>) => void
  /** The connection to `node` is lost, perhaps not for long: send it nothing until it is back. */
  peerLost: (node: string) => void
  /** `node` is down for good. */
  peerDown: (node: string) => void
}

export const ReceptionistSync: Protocol<ReceptionistSync> = protocol<ReceptionistSync>('troupe.receptionist')

export const RECEPTIONIST_NAME = 'receptionist'
export const RECEPTIONIST_PATH: string = `/system/${RECEPTIONIST_NAME}`

/** Carries changes of `receptionist` to every connected node, and theirs into it. */
export function receptionistSync(receptionist: Receptionist, uid: string): Actor<ReceptionistSync> {
  return actor(ReceptionistSync, (context) => {
    const peers = new Map<string, Ref<ReceptionistSync>>()
    receptionist.onLocalChange = (protocol, refs) => {
      for (const peer of peers.values()) peer.tell('update', { node: uid, listing: { protocol, refs } })
    }
    context.onStop(() => {
      receptionist.onLocalChange = null
    })
    return {
      replace: ({ node, listings }) => {
        receptionist.dropRemote(node, new Set(listings.map((listing) => listing.protocol)))
        for (const { protocol, refs } of listings) receptionist.setRemote(node, protocol, refs)
      },
      update: ({ node, listing }) => receptionist.setRemote(node, listing.protocol, listing.refs),
      peerUp: (sync) => {
        peers.set(nodeOf(sync), sync)
        const listings = receptionist.localEntries().map(([protocol, refs]) => ({ protocol, refs }))
        sync.tell('replace', { node: uid, listings })
      },
      peerLost: (node) => {
        peers.delete(node)
      },
      peerDown: (node) => {
        peers.delete(node)
        receptionist.dropRemote(node)
      },
    }
  })
}

function nodeOf(ref: AnyRef): string {
  return ref.id.slice(0, ref.id.indexOf('/'))
}
