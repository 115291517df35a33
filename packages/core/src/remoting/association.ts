import type { CellHost } from '../actor/cell-host.ts'
import type { DeadLetterReason } from '../actor/dead-letter.ts'
import { OfferLine, type PendingOffer } from '../actor/offer.ts'
import type { Origin } from '../actor/origin.ts'
import type { Asked, PendingAsk } from '../actor/pending-ask.ts'
import type { Watcher } from '../actor/watcher.ts'
import { decodePart } from '../codec/cbor.ts'
import type { Encoded } from '../codec/encoded.ts'
import type { Deadline } from '../runtime/timer-queue.ts'
import { type Answer, AnswerRoute, type Question } from './answer-route.ts'
import type { Connection, FrameSink } from './connection.ts'
import { decodeBatch } from './decode-batch.ts'
import { DIALECT, Feature, largestWhole } from './dialect.ts'
import { encodeBatch } from './encode-batch.ts'
import { FromPeer } from './from-peer.ts'
import type { LinkNumber, LinkTerms } from './link-terms.ts'
import { OpenAsks } from './open-asks.ts'
import { OpenLink } from './open-link.ts'
import { Outbox, OutgoingMessage } from './outbox.ts'
import type { Peer, PeerEvent } from './peer-event.ts'
import { PeerScope, type ScopeHost } from './peer-scope.ts'
import { RemoteReply } from './remote-reply.ts'
import { RemoteWatches } from './remote-watches.ts'
import { MAX_BACKLOG, SystemLog, unnumbered } from './system-log.ts'
import { type Envelope, encodePayload, Kind, type SystemEnvelope, type To } from './wire.ts'
import { failFromWire } from './wire-failure.ts'

/** What an association needs of the node around it. */
export interface AssociationHost extends ScopeHost {
  readonly cells: CellHost
  readonly heartbeatMs: number
  emit(event: PeerEvent): void
  /** The connection is gone: make one, at once or after a little while. */
  wantConnection(association: Association, atOnce: boolean): void
  /** It is over: forget it, and if that is for good, never talk to that uid again. */
  gone(association: Association, forGood: boolean): void
}

/** A connection that ended sooner than this is not replaced at once: the next may fare no better. In ms. */
const SHORT_LIVED_MS = 1_000
/** System messages that have come are acknowledged so much later, in ms, unless something else is sent before. */
const ACKNOWLEDGE_MS = 50

/** A method every object has is no message, whatever a peer sends; nor is the handler of all the others. */
const RESERVED: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  'unhandled',
  'childFailed',
])

const NO_LINK: LinkTerms = { ...DIALECT, epoch: 0, dialler: '', features: 0 }

/**
 * What this node shares with one run of another: at most one open connection, and all that outlives it. Asks
 * that were sent when it is lost fail at once; messages not yet sent wait; system messages are sent again until they
 * have come.
 */
export class Association implements FrameSink {
  peer: Peer
  readonly #host: AssociationHost
  readonly #outbox = new Outbox()
  readonly #log = new SystemLog()
  readonly #watches: RemoteWatches
  readonly #asks = new OpenAsks()
  /** Who waits for room in the outbox. */
  readonly #offers = new OfferLine()
  /** What the peer may use here. */
  readonly #scope: PeerScope
  #link: OpenLink | null = null
  /** Of the present link, or of the last one. */
  #terms: LinkTerms = NO_LINK
  #down = false
  #flushing = false
  #acknowledging: Deadline | null = null

  constructor(host: AssociationHost, peer: Peer) {
    this.#host = host
    this.peer = peer
    this.#scope = new PeerScope(host, peer)
    this.#watches = new RemoteWatches(this, this.#scope.local)
  }

  get connected(): boolean {
    return this.#link !== null
  }

  /** How many connections the two have had. */
  get epoch(): number {
    return this.#terms.epoch
  }

  /** What the two agreed on when they were connected last. */
  get terms(): LinkTerms {
    return this.#terms
  }

  /** Whether both sides have that feature; false until they have been connected. */
  has(feature: Feature): boolean {
    return (this.#terms.features & feature) !== 0
  }

  /** Whether a dialler that knows of `epoch` links has not heard of the present one. */
  isNewsTo({ epoch }: { readonly epoch: number }): boolean {
    if (this.#link === null || epoch >= this.epoch) return false
    // Unless it dialled that one itself: then the welcome is lost, and so is the link, whatever it looks like here.
    return this.#terms.dialler !== this.peer.uid || epoch === 0
  }

  /** Whether the present link is to be kept rather than one with that number. Both sides decide alike. */
  prefers({ epoch, dialler }: LinkNumber): boolean {
    if (this.#link === null) return false
    const present = this.#terms
    return epoch < present.epoch || (epoch === present.epoch && present.dialler <= dialler)
  }

  /** Never connected and not to be dialled: there is nothing to wait for. */
  get #neverToBeReached(): boolean {
    return this.#link === null && this.epoch === 0 && this.peer.address === ''
  }

  // Out

  tell(to: To, target: Asked, name: string, payload: unknown): void {
    const encoded = this.#encode(to, name, payload)
    const sizeBytes = encoded.end - encoded.start
    // Whatever is reached by its path is part of the runtime: no load of users' may come between two of those.
    if (typeof to === 'string' && !this.#down) this.#pushSystem([Kind.tell, to, name, encoded], sizeBytes)
    else this.#push(new OutgoingMessage([Kind.tell, to, name, encoded], sizeBytes, payload, target, null))
  }

  ask(to: To, target: Asked, name: string, payload: unknown, pending: PendingAsk): void {
    const encoded = this.#encode(to, name, payload)
    const sizeBytes = encoded.end - encoded.start
    if (this.#neverToBeReached) {
      pending.undelivered('unreachable')
      return
    }
    const correlation = this.#asks.add(pending)
    const envelope = [Kind.ask, to, name, encoded, correlation, 0] as const
    this.#push(new OutgoingMessage(envelope, sizeBytes, payload, target, pending))
  }

  /** Queues a message once there is room for it, behind those offered before. @throws {NotSerializableError} */
  offer(to: To, target: Asked, name: string, payload: unknown, offer: PendingOffer): void {
    const encoded = this.#encode(to, name, payload)
    const sizeBytes = encoded.end - encoded.start
    if (this.#down) return offer.reject('node-down')
    if (this.#neverToBeReached) return offer.reject('unreachable')
    const message = new OutgoingMessage([Kind.tell, to, name, encoded], sizeBytes, payload, target, null)
    this.#offers.add(offer, () => this.#outbox.push(message))
    this.#offers.admit()
    this.#flushOrLater()
  }

  watch(to: To, watcher: Watcher): void {
    if (this.#down) watcher.terminated('node-down')
    else this.#watches.watch(to, watcher)
  }

  unwatch(watcher: Watcher): void {
    this.#watches.unwatch(watcher)
  }

  sendSystem(envelope: SystemEnvelope): void {
    if (!this.#down) this.#pushSystem(this.#log.numbered(envelope), 0)
  }

  /** What the runtime says of itself is not held back by what a peer says it takes. */
  #encode(to: To, name: string, payload: unknown): Encoded {
    return encodePayload(payload, name, this.#scope.note, largestWhole(typeof to === 'string' ? DIALECT : this.#terms))
  }

  #answer(envelope: Answer, sizeBytes: number, question: Question): void {
    this.#outbox.pushAnswer(envelope, sizeBytes, question)
    this.#flushOrLater()
  }

  #push(message: OutgoingMessage): void {
    if (this.#down) this.#undelivered('node-down', message)
    // What room there is, however small, is for those who wait for it.
    else if (!this.#offers.empty || !this.#outbox.push(message)) this.#undelivered('outbound-full', message)
    else this.#flushOrLater()
  }

  #pushSystem(envelope: Envelope, payloadBytes: number): void {
    this.#outbox.pushSystem(envelope, payloadBytes)
    const waiting = this.#outbox.systemMessages + this.#log.again
    // A peer that takes nothing, not even what is never turned down, would fill the memory of this node.
    if (waiting > MAX_BACKLOG) this.#endOfPatience(waiting)
    else this.#flushOrLater()
  }

  #flushOrLater(): void {
    if (this.#outbox.answersOverflow && this.#link !== null)
      this.closed(this.#link.connection, 'too many bytes of answers are waiting')
    else if (this.#outbox.hasBatch && this.#link?.isFull === false) this.#flush()
    else this.#scheduleFlush()
  }

  #undelivered(reason: DeadLetterReason, { target, name, payload, pending }: OutgoingMessage): void {
    this.#host.cells.undelivered(reason, target.toString(), name, payload, pending)
  }

  /** All that is told to a peer in one turn of the event loop goes out in one frame. */
  #scheduleFlush(): void {
    if (this.#flushing || this.#link === null || this.#link.isFull) return
    this.#flushing = true
    this.#host.cells.runtime.scheduler.defer(() => {
      this.#flushing = false
      this.#flush()
    })
  }

  #flush(): void {
    while (this.#link?.isFull === false) {
      // What was on a link that is lost was sent before all that waits.
      if (this.#log.again > 0) this.#send(this.#log.takeAgain())
      else if (!this.#outbox.empty) this.#sendNext()
      else if (this.#log.isUrgent) this.#send([])
      else return
    }
  }

  #sendNext(): void {
    const batch = this.#outbox.takeBatch()
    this.#offers.admit()
    if (batch.length > 0) this.#send(batch)
  }

  #send(batch: readonly Envelope[]): void {
    if (this.#link === null) return
    if (!this.has(Feature.sequencing)) return this.#link.send(encodeBatch(unnumbered(batch)))
    this.#log.sent(batch)
    this.#link.send(encodeBatch(batch, this.#log.say()))
  }

  /** Says at some time that system messages have come: with whatever is sent next, or alone. */
  #acknowledge(): void {
    if (this.#log.isUrgent) this.#scheduleFlush()
    this.#acknowledging ??= this.#host.cells.timers.after(ACKNOWLEDGE_MS, () => {
      this.#acknowledging = null
      if (!this.#log.isDue || this.#link === null) return
      if (this.#link.isFull) this.#acknowledge()
      else this.#send([])
    })
  }

  // The connection

  /** A connection is open, and its frames come here. */
  attach(connection: Connection, terms: LinkTerms, peer: Peer): void {
    this.#detach('superseded')
    this.peer = peer
    this.#terms = terms
    this.#scope.introduced(peer)
    const { cells, heartbeatMs } = this.#host
    const { note } = this.#scope
    const route: AnswerRoute = new AnswerRoute(
      cells.logger('/'),
      note,
      largestWhole(terms),
      (answer, sizeBytes, question) => {
        if (connection === this.#link?.connection) this.#answer(answer, sizeBytes, question)
        else this.#lateReply(question, route.endedMs)
      },
    )
    this.#link = new OpenLink(cells, heartbeatMs, connection, route, {
      dead: (why) => this.closed(connection, why),
      beat: () => {
        if (this.#log.beat()) this.#endOfPatience(this.#log.kept)
      },
    })
    this.#host.emit({ type: 'peer-up', peer })
    this.#watches.connected(!this.has(Feature.sequencing))
    this.#scheduleFlush()
  }

  drained(): void {
    this.#link?.drained()
    this.#flush()
  }

  closed(connection: Connection, why: string): void {
    if (connection !== this.#link?.connection) return
    const livedMs = this.#link.ageMs
    this.#detach(why)
    this.#host.emit({ type: 'peer-lost', peer: this.peer, why })
    this.#host.wantConnection(this, livedMs >= SHORT_LIVED_MS)
  }

  /** An attempt to connect has failed: asks that were not sent, and offers, need not wait for the next one. */
  unreachable(): void {
    for (const message of this.#outbox.takeAsks()) this.#undelivered('unreachable', message)
    this.#offers.rejectAll('unreachable')
  }

  #detach(why: string): void {
    const link = this.#link
    if (link === null) return
    this.#link = null
    link.end(why)
    this.#acknowledging?.cancel()
    this.#acknowledging = null
    this.#log.linkLost()
    for (const question of this.#outbox.dropAnswers()) this.#lateReply(question, link.route.endedMs)
    this.#asks.abandonSent('link-lost')
  }

  /** The grace period is over without a connection. */
  giveUp(): void {
    // Nobody was ever told that this peer is there, so nobody is told that it is down, and it may come yet.
    if (this.epoch === 0 && !this.#watches.watching) this.#end('unreachable', false)
    else this.end('node-down')
  }

  #endOfPatience(messages: number): void {
    if (this.#down) return
    this.#host.emit({ type: 'system-backlog', peer: this.peer, messages })
    this.end('node-down')
  }

  /** This run of the peer is over for this node, whatever it still says: tells everybody who waits for it. */
  end(reason: 'node-down' | 'node-restarted' | 'left'): void {
    if (this.#down) return
    this.#detach(reason)
    this.#end('node-down', true)
    this.#watches.end(reason === 'left' ? 'node-down' : reason)
    this.#host.emit({ type: 'peer-down', peer: this.peer, reason })
  }

  #end(reason: 'node-down' | 'unreachable', forGood: boolean): void {
    this.#down = true
    this.#host.gone(this, forGood)
    this.#offers.rejectAll(reason)
    for (const message of this.#outbox.takeAll()) this.#undelivered(reason, message)
  }

  /** Says goodbye: the peer need not wait whether this node comes back. */
  leave(): void {
    this.#outbox.pushSystem([Kind.bye], 0)
    this.#link?.unblock()
    this.#flush()
    this.end('left')
  }

  // In

  receive(frame: Uint8Array): void {
    const link = this.#link
    link?.heard()
    for (const envelope of decodeBatch(frame, this.#acknowledged)) {
      // An envelope may end the association: what follows it does not count.
      if (link === null || this.#link !== link) return
      this.#receive(envelope, link)
    }
  }

  readonly #acknowledged = (number: number): void => {
    if (this.has(Feature.sequencing)) this.#log.acknowledged(number)
  }

  #receive(envelope: Envelope, link: OpenLink): void {
    switch (envelope[0]) {
      case Kind.tell:
        return this.#deliver(envelope[1], envelope[2], envelope[3], null)
      case Kind.ask:
        return this.#deliver(envelope[1], envelope[2], envelope[3], this.#replyTo(envelope, link))
      case Kind.reply:
        return this.#asks.take(envelope[1])?.settle(decodePart(envelope[2], this.#scope.resolveRef))
      case Kind.failure: {
        const pending = this.#asks.take(envelope[1])
        if (pending !== null) failFromWire(pending, pending.target, envelope[2], envelope[3], envelope[4], envelope[5])
        return
      }
      case Kind.watch:
        return this.#once(envelope[3], () => this.#watches.watchedBy(envelope[1], envelope[2]))
      case Kind.unwatch:
        return this.#once(envelope[2], () => this.#watches.unwatchedBy(envelope[1]))
      case Kind.terminated:
        return this.#once(envelope[3], () => this.#watches.terminated(envelope[1], envelope[2]))
      case Kind.ping:
        return link.pong()
      case Kind.pong:
        return
      case Kind.bye:
        return this.end('left')
    }
  }

  /** Does what a system message says, unless that has been done when it came over an earlier link. */
  #once(number: number | undefined, act: () => void): void {
    if (!this.has(Feature.sequencing)) return act()
    const isNew = this.#log.received(number)
    this.#acknowledge()
    if (isNew) act()
  }

  #replyTo([, to, name, , correlation, ttlMs]: Extract<Envelope, readonly [1, ...unknown[]]>, link: OpenLink): Origin {
    return new RemoteReply(this.#scope.nameOf(to), name, link.route, this.#host.cells.runtime.clock, correlation, ttlMs)
  }

  #deliver(to: To, name: string, encoded: Encoded, origin: Origin | null): void {
    const payload = decodePart(encoded, this.#scope.resolveRef)
    const target = RESERVED.has(name) ? null : this.#scope.local(to)
    if (target !== null) {
      // Parts of the runtime believe a node what it says of itself, and want to know who says it.
      const told = typeof to === 'string' ? new FromPeer(this.peer.uid, payload) : payload
      if (!target.enqueue(origin ?? name, told))
        this.#host.cells.undelivered('mailbox-full', target.path, name, payload, origin)
      return
    }
    const reason = RESERVED.has(name) ? 'unhandled' : typeof to === 'string' ? 'not-found' : 'stale-ref'
    this.#host.cells.undelivered(reason, this.#scope.nameOf(to), name, payload, origin)
  }

  /** The other side has been without a connection since `endedMs`, and its asks have failed. */
  #lateReply({ target, message }: Question, endedMs: number): void {
    this.#host.cells.answeredLate(target, message, endedMs)
  }
}
