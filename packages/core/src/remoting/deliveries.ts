import type { CellHost } from '../actor/cell-host.ts'
import type { Origin } from '../actor/origin.ts'
import type { Cbor } from '../codec/cbor.ts'
import type { Encoded } from '../codec/encoded.ts'
import type { AnswerRoute } from './answer-route.ts'
import { FromPeer } from './from-peer.ts'
import type { PeerScope } from './peer-scope.ts'
import { RemoteReply } from './remote-reply.ts'
import type { Envelope, Kind, To } from './wire.ts'

/** A method every object has is no message, whatever a peer sends; nor is the handler of all the others. */
const RESERVED: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  'unhandled',
  'childFailed',
])

/** Brings messages from one run of a peer to the actors here. */
export class Deliveries {
  readonly #cells: CellHost
  readonly #cbor: Cbor
  readonly #scope: PeerScope

  constructor(cells: CellHost, cbor: Cbor, scope: PeerScope) {
    this.#cells = cells
    this.#cbor = cbor
    this.#scope = scope
  }

  tell([, to, name, encoded]: Extract<Envelope, readonly [typeof Kind.tell, ...unknown[]]>): void {
    this.#deliver(to, name, encoded, null)
  }

  /** @param route the way back */
  ask(envelope: Extract<Envelope, readonly [typeof Kind.ask, ...unknown[]]>, route: AnswerRoute): void {
    const [, to, name, encoded, correlation, ttlMs] = envelope
    const { clock } = this.#cells.runtime
    const reply = new RemoteReply(this.#scope.nameOf(to), name, route, clock, correlation, ttlMs)
    this.#deliver(to, name, encoded, reply)
  }

  #deliver(to: To, name: string, encoded: Encoded, origin: Origin | null): void {
    const payload = this.#cbor.decodePart(encoded, this.#scope.resolveRef)
    const target = RESERVED.has(name) ? null : this.#scope.local(to)
    if (target !== null) {
      // Parts of the runtime believe a node what it says of itself, and want to know who says it.
      const told = typeof to === 'string' ? new FromPeer(this.#scope.peerUid, payload) : payload
      if (!target.enqueue(origin ?? name, told))
        this.#cells.undelivered('mailbox-full', target.path, name, payload, origin)
      return
    }
    const reason = RESERVED.has(name) ? 'unhandled' : typeof to === 'string' ? 'not-found' : 'stale-ref'
    this.#cells.undelivered(reason, this.#scope.nameOf(to), name, payload, origin)
  }
}
