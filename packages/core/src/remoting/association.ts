import type { CellHost } from '../actor/cell-host.ts'
import type { DeadLetterReason } from '../actor/dead-letter.ts'
import type { PendingOffer } from '../actor/offer.ts'
import type { Asked, PendingAsk } from '../actor/pending-ask.ts'
import type { Watcher } from '../actor/watcher.ts'
import type { Cbor } from '../codec/cbor.ts'
import { isShared } from '../codec/encode-once.ts'
import type { Encoded } from '../codec/encoded.ts'
import { MalformedFrameError } from '../errors.ts'
import { AnswerRoute, type Question } from './answer-route.ts'
import { MOST_WHOLE_BYTES } from './chunking.ts'
import type { Connection, FrameSink } from './connection.ts'
import { CreditLedger } from './credit-ledger.ts'
import { decodeBatch } from './decode-batch.ts'
import { Deliveries } from './deliveries.ts'
import { DIALECT, Feature, largestMessage } from './dialect.ts'
import type { LinkNumber, LinkTerms } from './link-terms.ts'
import { OpenAsks } from './open-asks.ts'
import type { OpenBatches } from './open-batch.ts'
import { OpenLink } from './open-link.ts'
import { Outflow } from './outflow.ts'
import { OutgoingMessage } from './outgoing.ts'
import type { Peer, PeerEvent } from './peer-event.ts'
import { PeerScope, type ScopeHost } from './peer-scope.ts'
import { RemoteWatches } from './remote-watches.ts'
import type { Traffic } from './traffic.ts'
import { type Envelope, encodePayload, Kind, type SystemEnvelope, type To } from './wire.ts'
import { failFromWire } from './wire-failure.ts'

/** What an association needs of the node around it. */
export interface AssociationHost extends ScopeHost {
  readonly cells: CellHost
  readonly cbor: Cbor
  readonly heartbeatMs: number
  readonly traffic: Traffic
  readonly openBatches: OpenBatches
  emit(event: PeerEvent): void
  /** The connection is gone: make one, at once or after a little while. */
  wantConnection(association: Association, atOnce: boolean): void
  /** It is over: forget it, and if that is for good, never talk to that uid again. */
  gone(association: Association, forGood: boolean): void
}

/** A connection that ended sooner than this is not replaced at once: the next may fare no better. In ms. */
const SHORT_LIVED_MS = 1_000

/** Counted for the longest name that has a number, in bytes: see `encodePayload`. */
const MOST_NAME_BYTES = 3 * 64

const NO_LINK: LinkTerms = { ...DIALECT, epoch: 0, dialler: '', features: 0 }

/**
 * What this node shares with one run of another: at most one open connection, and all that outlives it. Asks
 * that were sent when it is lost fail at once; messages not yet sent wait; system messages are sent again until they
 * have come.
 */
export class Association implements FrameSink {
  peer: Peer
  readonly #host: AssociationHost
  readonly #cbor: Cbor
  readonly #out: Outflow
  readonly #watches: RemoteWatches
  readonly #asks = new OpenAsks()
  /** What the peer may use here. */
  readonly #scope: PeerScope
  readonly #deliveries: Deliveries
  #link: OpenLink | null = null
  /** Of the present link, or of the last one. */
  #terms: LinkTerms = NO_LINK
  /** What a payload may have that is written into the next frame at once, in bytes. */
  #mostStraight = 0
  #down = false

  constructor(host: AssociationHost, peer: Peer) {
    this.#host = host
    this.#cbor = host.cbor
    this.peer = peer
    this.#scope = new PeerScope(host, peer)
    const ledger = new CreditLedger(host.cells, () => this.#out.creditDue())
    this.#deliveries = new Deliveries(host, this.#scope, ledger)
    this.#watches = new RemoteWatches(this, this.#scope.local)
    this.#out = new Outflow({
      ...{ cells: host.cells, traffic: host.traffic, openBatches: host.openBatches, ledger },
      undelivered: (reason, message) => this.#undelivered(reason, message),
      behind: (messages) => this.#endOfPatience(messages),
      swamped: () => {
        if (this.#link !== null) this.closed(this.#link.connection, 'too many bytes of answers are waiting')
      },
    })
  }

  get connected(): boolean {
    return this.#link !== null
  }

  /** How many connections the two have had. */
  get epoch(): number {
    return this.#terms.epoch
  }

  /** User messages that wait, and the bytes of their payloads. */
  get queued(): { readonly messages: number; readonly bytes: number } {
    return this.#out.queued
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

  /**
   * Whether the present link is to be kept rather than one with that number. Both sides decide alike. Also one that is lost:
   * what may still come over an older one was sent before.
   */
  prefers({ epoch, dialler }: LinkNumber): boolean {
    const present = this.#terms
    return epoch < present.epoch || (epoch === present.epoch && present.dialler <= dialler)
  }

  /** Never connected and not to be dialled: there is nothing to wait for. */
  get #neverToBeReached(): boolean {
    return this.#link === null && this.epoch === 0 && this.peer.address === ''
  }

  // Out

  tell(to: To, target: Asked, name: string, payload: unknown): void {
    if (typeof to === 'number' && !isShared(payload) && this.#out.tell(to, target, name, payload, this.#mostStraight))
      return
    const encoded = this.#encode(to, name, payload)
    const sizeBytes = encoded.end - encoded.start
    // Whatever is reached by its path is part of the runtime: no load of users' may come between two of those.
    if (typeof to === 'string' && !this.#down) this.#out.pushSystem([Kind.tell, to, name, encoded], sizeBytes)
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
    this.#out.offer(new OutgoingMessage([Kind.offer, to, name, encoded], sizeBytes, payload, target, null), offer)
  }

  watch(to: To, watcher: Watcher): void {
    if (this.#down) watcher.terminated('node-down')
    else this.#watches.watch(to, watcher)
  }

  unwatch(watcher: Watcher): void {
    this.#watches.unwatch(watcher)
  }

  sendSystem(envelope: SystemEnvelope): void {
    if (!this.#down) this.#out.pushSystem(envelope, 0)
  }

  /** @param by who is told of an end there: what was sent to it before comes first */
  sendNotice(envelope: SystemEnvelope, by: number): void {
    if (!this.#down) this.#out.pushNotice(envelope, by)
  }

  /** What the runtime says of itself is not held back by what a peer says it takes. */
  #encode(to: To, name: string, payload: unknown): Encoded {
    return encodePayload(
      this.#cbor,
      payload,
      name,
      this.#scope.note,
      largestMessage(typeof to === 'string' ? DIALECT : this.#terms),
    )
  }

  #push(message: OutgoingMessage): void {
    if (this.#down) this.#undelivered('node-down', message)
    else this.#out.push(message)
  }

  #undelivered(reason: DeadLetterReason, { target, name, payload, pending }: OutgoingMessage): void {
    this.#host.cells.undelivered(reason, target.toString(), name, payload, pending)
  }

  // The connection

  /** A connection is open, and its frames come here. */
  attach(connection: Connection, terms: LinkTerms, peer: Peer): void {
    this.#detach('superseded')
    this.peer = peer
    this.#terms = terms
    this.#mostStraight = Math.min(MOST_WHOLE_BYTES, largestMessage(terms) - MOST_NAME_BYTES)
    this.#scope.introduced(peer)
    const hasFlow = this.has(Feature.flowControl)
    const watcher = { dead: (why: string) => this.closed(connection, why), beat: () => this.#out.beat() }
    const route = this.#routeOver(connection)
    const link = new OpenLink(this.#host.cells, this.#host.heartbeatMs, connection, route, watcher, hasFlow)
    this.#link = link
    this.#host.emit({ type: 'peer-up', peer })
    // Whoever listens may have ended it at once.
    if (this.#link !== link) return
    this.#watches.connected(!this.has(Feature.sequencing))
    this.#out.open(link, this.has(Feature.sequencing), hasFlow)
  }

  /** The way back for asks of a connection. */
  #routeOver(connection: Connection): AnswerRoute {
    const { note } = this.#scope
    const logger = this.#host.cells.logger('/')
    const route: AnswerRoute = new AnswerRoute(
      logger,
      this.#cbor,
      note,
      largestMessage(this.#terms),
      (answer, sizeBytes, question) => {
        if (connection === this.#link?.connection) this.#out.answer(answer, sizeBytes, question)
        else this.#lateReply(question, route.endedMs)
      },
    )
    return route
  }

  drained(): void {
    this.#link?.drained()
    this.#out.drained()
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
    this.#out.unreachable()
  }

  #detach(why: string): void {
    const link = this.#link
    if (link === null) return
    this.#link = null
    link.end(why)
    const { messages, questions } = this.#out.linkLost()
    for (const question of questions) this.#lateReply(question, link.route.endedMs)
    this.#asks.abandonSent('link-lost')
    for (const message of messages) if (message.pending === null) this.#undelivered('link-lost', message)
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
    this.#out.end(reason)
  }

  /** Says goodbye: the peer need not wait whether this node comes back. */
  leave(): void {
    this.#out.leave()
    this.end('left')
  }

  // In

  receive(frame: Uint8Array): void {
    const link = this.#link
    if (link === null) return
    link.heard()
    this.#deliveries.forgetTarget()
    for (const envelope of decodeBatch(frame, link.names.received, this.#acknowledged)) {
      // An envelope may end the association: what follows it does not count.
      if (this.#link !== link) return
      const whole = link.whole(envelope)
      if (whole !== null) this.#receive(whole, link)
    }
    link.frameEnds()
  }

  readonly #acknowledged = (number: number): void => {
    if (this.has(Feature.sequencing)) this.#out.log.acknowledged(number)
  }

  #receive(envelope: Envelope, link: OpenLink): void {
    if (envelope[0] !== Kind.tell) this.#deliveries.forgetTarget()
    switch (envelope[0]) {
      case Kind.tell:
        return this.#deliveries.tell(envelope)
      case Kind.offer:
        return this.#deliveries.offer(envelope)
      case Kind.ask:
        return this.#deliveries.ask(envelope, link.route)
      case Kind.reply:
        return this.#asks.take(envelope[1])?.settle(this.#cbor.decodePart(envelope[2], this.#scope.resolveRef))
      case Kind.failure: {
        const pending = this.#asks.take(envelope[1])
        if (pending !== null) failFromWire(pending, pending.target, envelope[2], envelope[3], envelope[4], envelope[5])
        return
      }
      case Kind.watch:
        return this.#once(envelope[4], () => this.#watches.watchedBy(envelope[1], envelope[2], envelope[3]))
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
      case Kind.credit:
        return this.#out.credit(envelope[1], envelope[2], envelope[3])
      default:
        throw new MalformedFrameError('pieces that were not agreed on')
    }
  }

  /** Does what a system message says, unless that has been done when it came over an earlier link. */
  #once(number: number | undefined, act: () => void): void {
    if (!this.has(Feature.sequencing)) return act()
    const isNew = this.#out.log.received(number)
    this.#out.acknowledge()
    if (isNew) act()
  }

  /** The other side has been without a connection since `endedMs`, and its asks have failed. */
  #lateReply({ target, message }: Question, endedMs: number): void {
    this.#host.cells.answeredLate(target, message, endedMs)
  }
}
