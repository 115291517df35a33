import type { CellHost, LocalTarget } from '../actor/cell-host.ts'
import type { DeadLetterReason } from '../actor/dead-letter.ts'
import { type OfferError, type OfferFailureReason, PendingOffer } from '../actor/offer.ts'
import type { Origin } from '../actor/origin.ts'
import type { Cbor } from '../codec/cbor.ts'
import type { Encoded } from '../codec/encoded.ts'
import type { AnswerRoute } from './answer-route.ts'
import type { Account, CreditLedger } from './credit-ledger.ts'
import { FromPeer } from './from-peer.ts'
import type { PeerScope } from './peer-scope.ts'
import { RemoteReply } from './remote-reply.ts'
import type { Traffic } from './traffic.ts'
import type { Envelope, Kind, To } from './wire.ts'

/** A method every object has is no message, whatever a peer sends; nor is the handler of all the others. */
const RESERVED: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  'unhandled',
  'childFailed',
])

/** What deliveries need of the node around them. */
interface DeliveriesHost {
  readonly cells: CellHost
  readonly cbor: Cbor
  readonly traffic: Traffic
}

/** Brings messages from one run of a peer to the actors here. */
export class Deliveries {
  readonly #host: DeliveriesHost
  readonly #scope: PeerScope
  readonly #ledger: CreditLedger
  /** Who the last message was for, and what it was: they come in bursts. Null once that may have changed. */
  #lastTo: number | null = null
  #lastTarget: LocalTarget | null = null
  #lastName: string | null = null

  constructor(host: DeliveriesHost, scope: PeerScope, ledger: CreditLedger) {
    this.#host = host
    this.#scope = scope
    this.#ledger = ledger
  }

  /** What comes next may be another frame, or have been preceded by what ends actors: nobody is known any more. */
  forgetTarget(): void {
    this.#lastTo = null
    this.#lastTarget = null
  }

  tell([, to, name, encoded]: Extract<Envelope, readonly [typeof Kind.tell, ...unknown[]]>): void {
    this.#deliver(to, name, encoded, null, false)
  }

  /** Delivers once there is room. */
  offer([, to, name, encoded]: Extract<Envelope, readonly [typeof Kind.offer, ...unknown[]]>): void {
    this.#deliver(to, name, encoded, null, true)
  }

  /** @param route the way back */
  ask(envelope: Extract<Envelope, readonly [typeof Kind.ask, ...unknown[]]>, route: AnswerRoute): void {
    const [, to, name, encoded, correlation, ttlMs] = envelope
    const { clock } = this.#host.cells.runtime
    const reply = new RemoteReply(this.#scope.nameOf(to), name, route, clock, correlation, ttlMs)
    this.#deliver(to, name, encoded, reply, false)
  }

  #deliver(to: To, name: string, encoded: Encoded, origin: Origin | null, isOffered: boolean): void {
    const { cells, cbor, traffic } = this.#host
    if (origin !== null || typeof to === 'number') traffic.received++
    const payload = cbor.decodePart(encoded, this.#scope.resolveRef)
    const { objects } = cbor
    const sizeBytes = encoded.end - encoded.start
    const account = typeof to === 'number' ? this.#ledger.received(to, sizeBytes) : null
    const target = this.#isMessage(name) ? this.#targetOf(to) : null
    // Parts of the runtime believe a node what it says of itself, and want to know who says it.
    const told = typeof to === 'string' && target !== null ? new FromPeer(this.#scope.peerUid, payload) : payload
    if (target === null) {
      const reason = RESERVED.has(name) ? 'unhandled' : typeof to === 'string' ? 'not-found' : 'stale-ref'
      cells.undelivered(reason, this.#scope.nameOf(to), name, payload, origin)
    } else {
      const hasRoom = typeof to === 'string' || (account !== null && !this.#ledger.isFull)
      if (hasRoom && isOffered) return this.#offer(target, name, told, account, sizeBytes, objects)
      if (!hasRoom || !target.enqueue(origin ?? name, told))
        cells.undelivered('mailbox-full', target.path, name, payload, origin)
    }
    if (account !== null) this.#ledger.queued(account, sizeBytes, objects, target)
  }

  #isMessage(name: string): boolean {
    if (name === this.#lastName) return true
    if (RESERVED.has(name)) return false
    this.#lastName = name
    return true
  }

  #targetOf(to: To): LocalTarget | null {
    if (to === this.#lastTo) return this.#lastTarget
    const target = this.#scope.local(to)
    if (typeof to === 'number') {
      this.#lastTo = to
      this.#lastTarget = target
    }
    return target
  }

  /** Queues a message once there is room for it. What waits for that is counted: there is no credit for more. */
  #offer(
    target: LocalTarget,
    name: string,
    payload: unknown,
    account: Account | null,
    sizeBytes: number,
    objects: number,
  ): void {
    const { cells } = this.#host
    const onQueued = (): void => {
      if (account !== null) this.#ledger.queued(account, sizeBytes, objects, target)
    }
    const refused = (reason: OfferFailureReason): void => {
      cells.undelivered(reason as DeadLetterReason, target.path, name, payload, null)
      onQueued()
    }
    const obstacle = target.offer(name, payload)
    if (obstacle === null) return onQueued()
    if (obstacle !== 'full') return refused(obstacle)
    const offer = new PendingOffer(target.ref, name, Number.POSITIVE_INFINITY)
    offer.queued.then(onQueued, (error: OfferError) => refused(error.reason))
    target.waitForRoom(offer, payload)
  }
}
