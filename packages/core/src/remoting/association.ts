import type { CellHost, LocalTarget } from '../actor/cell-host.ts'
import type { DeadLetterReason } from '../actor/dead-letter.ts'
import { type OfferError, type OfferFailureReason, OfferLine, PendingOffer } from '../actor/offer.ts'
import type { Origin } from '../actor/origin.ts'
import type { Asked, PendingAsk } from '../actor/pending-ask.ts'
import type { AnyRef } from '../actor/ref.ts'
import type { Watcher } from '../actor/watcher.ts'
import { decodePart, type NoteRef, type RefParts, type ResolveRef } from '../codec/cbor.ts'
import type { Encoded } from '../codec/encoded.ts'
import { MalformedFrameError } from '../errors.ts'
import { type Answer, AnswerRoute, type Question } from './answer-route.ts'
import type { Connection, FrameSink } from './connection.ts'
import { type Account, CreditLedger } from './credit-ledger.ts'
import { decodeBatch } from './decode-batch.ts'
import { encodeBatch } from './encode-batch.ts'
import { GivenRefs } from './given-refs.ts'
import { FLOW_CONTROL } from './greeting.ts'
import { Heartbeat } from './heartbeat.ts'
import { OpenAsks } from './open-asks.ts'
import { Outbox } from './outbox.ts'
import { OutgoingMessage } from './outgoing.ts'
import type { Peer, PeerEvent } from './peer-event.ts'
import { Reassembly } from './reassembly.ts'
import { RemoteReply } from './remote-reply.ts'
import { RemoteWatches } from './remote-watches.ts'
import type { Traffic } from './traffic.ts'
import { type Envelope, encodePayload, Kind, type To } from './wire.ts'
import { failFromWire } from './wire-failure.ts'

/** What an association needs of the node around it. */
export interface AssociationHost {
  readonly cells: CellHost
  readonly heartbeatMs: number
  readonly resolveRef: ResolveRef
  readonly traffic: Traffic
  local(to: To): LocalTarget | null
  emit(event: PeerEvent): void
  /** The connection is gone: make one, at once or after a little while. */
  wantConnection(association: Association, atOnce: boolean): void
  /** It is over: forget it, and if that is for good, never talk to that uid again. */
  gone(association: Association, forGood: boolean): void
}

/** What tells the links between two nodes apart, the same on both sides. */
export interface LinkNumber {
  readonly epoch: number
  /** Uid of the node that dialled. */
  readonly dialler: string
}

/** A connection that ended sooner than this is not replaced at once: the next may fare no better. In ms. */
const SHORT_LIVED_MS = 1_000

/** A method every object has is no message, whatever a peer sends; nor is the handler of all the others. */
const RESERVED: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  'unhandled',
  'childFailed',
])

const PING: Uint8Array = encodeBatch([[Kind.ping]])
const PONG: Uint8Array = encodeBatch([[Kind.pong]])

/** No actor's uid: a ref with it leads to a dead letter. */
export const NOBODY: number = -1

const NO_LINK: LinkNumber = { epoch: 0, dialler: '' }

/**
 * What this node shares with one run of another: at most one open connection, and all that outlives it. Asks
 * that were sent when it is lost fail at once; messages not yet sent wait; watches are made anew.
 */
export class Association implements FrameSink {
  peer: Peer
  readonly #host: AssociationHost
  readonly #outbox: Outbox
  readonly #watches: RemoteWatches
  readonly #asks = new OpenAsks()
  /** Who waits for room in the outbox; who waits until an actor keeps up does so in its lane. */
  readonly #offers = new OfferLine()
  /** What the peer has sent to actors here. */
  readonly #ledger: CreditLedger
  /** Large messages that come over the present connection. */
  readonly #reassembly: Reassembly
  /** Whether the two have agreed on pieces, offers and credit. */
  #hasFlow = false
  /** What the peer may use here; null for a node, which may use all. Kept from the start: who it is shows later. */
  #given: GivenRefs | null = new GivenRefs()
  #connection: Connection | null = null
  #number: LinkNumber = NO_LINK
  /** The way back for asks of the present connection: over a later one their answers would find nobody. */
  #route: AnswerRoute | null = null
  #down = false
  #flushing = false
  /** The link is full: what comes waits until it has drained. */
  #blocked = false
  #heartbeat: Heartbeat | null = null

  constructor(host: AssociationHost, peer: Peer) {
    this.#host = host
    this.peer = peer
    this.#outbox = new Outbox(host.traffic)
    this.#watches = new RemoteWatches(this, (to) => this.#local(to))
    this.#ledger = new CreditLedger(host.cells, () => this.#scheduleFlush())
    this.#reassembly = new Reassembly(host.cells.timers, (why) => {
      if (this.#connection !== null) this.closed(this.#connection, why)
    })
  }

  get connected(): boolean {
    return this.#connection !== null
  }

  /** How many connections the two have had. */
  get epoch(): number {
    return this.#number.epoch
  }

  /** User messages that wait, and the bytes of their payloads. */
  get queued(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.#outbox.messages, bytes: this.#outbox.messageBytes }
  }

  /** Whether a dialler that knows of `epoch` links has not heard of the present one. */
  isNewsTo({ epoch }: { readonly epoch: number }): boolean {
    if (this.#connection === null || epoch >= this.#number.epoch) return false
    // Unless it dialled that one itself: then the welcome is lost, and so is the link, whatever it looks like here.
    return this.#number.dialler !== this.peer.uid || epoch === 0
  }

  /** Whether the present link is to be kept rather than one with that number. Both sides decide alike. */
  prefers({ epoch, dialler }: LinkNumber): boolean {
    if (this.#connection === null) return false
    const present = this.#number
    return epoch < present.epoch || (epoch === present.epoch && present.dialler <= dialler)
  }

  /** Never connected and not to be dialled: there is nothing to wait for. */
  get #neverToBeReached(): boolean {
    return this.#connection === null && this.epoch === 0 && this.peer.address === ''
  }

  // Out

  tell(to: To, target: Asked, name: string, payload: unknown): void {
    const encoded = encodePayload(payload, name, this.#note)
    const sizeBytes = encoded.end - encoded.start
    // Whatever is reached by its path is part of the runtime: no load of users' may come between two of those.
    if (typeof to === 'string' && !this.#down) this.sendSystem([Kind.tell, to, name, encoded], sizeBytes)
    else this.#push(new OutgoingMessage([Kind.tell, to, name, encoded], sizeBytes, payload, target, null))
  }

  ask(to: To, target: Asked, name: string, payload: unknown, pending: PendingAsk): void {
    const encoded = encodePayload(payload, name, this.#note)
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
    const encoded = encodePayload(payload, name, this.#note)
    const sizeBytes = encoded.end - encoded.start
    if (this.#down) return offer.reject('node-down')
    if (this.#neverToBeReached) return offer.reject('unreachable')
    const { lanes } = this.#outbox
    const lane = lanes.of(to)
    const message = new OutgoingMessage([Kind.offer, to, name, encoded], sizeBytes, payload, target, null)
    if (lane.holdsOffers || lane.hasOffers) {
      lane.offers.add(offer, () => !lane.holdsOffers && this.#outbox.push(message, true))
      lanes.waiting(lane)
    } else this.#offers.add(offer, () => this.#outbox.push(message, true))
    this.#admit()
    this.#flushOrLater()
  }

  watch(to: To, watcher: Watcher): void {
    if (this.#down) watcher.terminated('node-down')
    else this.#watches.watch(to, watcher)
  }

  unwatch(watcher: Watcher): void {
    this.#watches.unwatch(watcher)
  }

  sendSystem(envelope: Envelope, payloadBytes = 0): void {
    if (this.#down) return
    this.#outbox.pushSystem(envelope, payloadBytes)
    this.#flushOrLater()
  }

  /** @param by who is told of an end there: what was sent to it before comes first */
  sendNotice(envelope: Envelope, by: number): void {
    if (this.#down) return
    this.#outbox.pushNotice(envelope, by)
    this.#flushOrLater()
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

  /** There may be room for those who wait for it: first of all for those who wait for nothing else. */
  #admit(): void {
    this.#offers.admit()
    this.#outbox.lanes.admit()
  }

  #flushOrLater(): void {
    // A peer that takes nothing, not even what is never turned down, would fill the memory of this node.
    if (this.#outbox.systemOverflows) this.end('node-down')
    else if (this.#outbox.answersOverflow && this.#connection !== null)
      this.closed(this.#connection, 'too many bytes of answers are waiting')
    else if (this.#outbox.hasBatch && !this.#blocked) this.#flush()
    else this.#scheduleFlush()
  }

  #undelivered(reason: DeadLetterReason, { target, name, payload, pending }: OutgoingMessage): void {
    this.#host.cells.undelivered(reason, target.toString(), name, payload, pending)
  }

  /** All that is told to a peer in one turn of the event loop goes out in one frame. */
  #scheduleFlush(): void {
    if (this.#flushing || this.#connection === null || this.#blocked) return
    this.#flushing = true
    this.#host.cells.runtime.scheduler.defer(() => {
      this.#flushing = false
      this.#flush()
    })
  }

  #flush(): void {
    while (this.#connection !== null && !this.#blocked && !(this.#outbox.isIdle && !this.#ledger.hasDue)) {
      const batch = this.#ledger.take()
      this.#outbox.takeBatch(batch)
      this.#admit()
      if (batch.length > 0) this.#sendNow(encodeBatch(batch))
    }
  }

  // The connection

  /** A connection is open, and its frames come here. */
  attach(connection: Connection, number: LinkNumber, peer: Peer): void {
    this.#detach('superseded')
    this.peer = peer
    this.#number = number
    this.#connection = connection
    if (peer.role === 'client') this.#given ??= new GivenRefs()
    else this.#given = null
    const route: AnswerRoute = new AnswerRoute(
      this.#host.cells.logger('/'),
      this.#note,
      (answer, sizeBytes, question) => {
        if (connection === this.#connection) this.#answer(answer, sizeBytes, question)
        else this.#lateReply(question, route.endedMs)
      },
    )
    this.#route = route
    this.#blocked = false
    this.#heartbeat = new Heartbeat(
      this.#host.cells,
      this.#host.heartbeatMs,
      () => this.#sendNow(PING),
      (why) => this.closed(connection, why),
    )
    this.#hasFlow = (connection.features & FLOW_CONTROL) !== 0
    this.#outbox.connected(this.#hasFlow)
    if (this.#hasFlow) this.#ledger.connected()
    this.#host.emit({ type: 'peer-up', peer })
    this.#watches.renew()
    this.#scheduleFlush()
  }

  drained(): void {
    this.#blocked = false
    this.#heartbeat?.drained()
    this.#flush()
  }

  closed(connection: Connection, why: string): void {
    if (connection !== this.#connection) return
    const livedMs = this.#heartbeat?.ageMs ?? 0
    this.#detach(why)
    this.#host.emit({ type: 'peer-lost', peer: this.peer, why })
    this.#host.wantConnection(this, livedMs >= SHORT_LIVED_MS)
  }

  /** An attempt to connect has failed: asks that were not sent, and offers, need not wait for the next one. */
  unreachable(): void {
    for (const message of this.#outbox.takeAsks()) this.#undelivered('unreachable', message)
    this.#offers.rejectAll('unreachable')
    this.#outbox.lanes.rejectOffers('unreachable')
  }

  #detach(why: string): void {
    const connection = this.#connection
    if (connection === null) return
    const nowMs = this.#host.cells.runtime.clock.now()
    this.#connection = null
    if (this.#route !== null) this.#route.endedMs = nowMs
    this.#route = null
    this.#heartbeat?.stop()
    this.#heartbeat = null
    this.#reassembly.close()
    this.#ledger.disconnected()
    connection.close('normal', why)
    const { messages, questions } = this.#outbox.disconnected()
    for (const question of questions) this.#lateReply(question, nowMs)
    this.#asks.abandonSent('link-lost')
    for (const message of messages) if (message.pending === null) this.#undelivered('link-lost', message)
  }

  /** The grace period is over without a connection. */
  giveUp(): void {
    // Nobody was ever told that this peer is there, so nobody is told that it is down, and it may come yet.
    if (this.epoch === 0 && !this.#watches.watching) this.#end('unreachable', false)
    else this.end('node-down')
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
    this.#ledger.close()
    this.#offers.rejectAll(reason)
    this.#outbox.lanes.rejectOffers(reason)
    for (const message of this.#outbox.takeAll()) this.#undelivered(reason, message)
  }

  /** Says goodbye: the peer need not wait whether this node comes back. */
  leave(): void {
    this.#outbox.pushSystem([Kind.bye], 0)
    this.#blocked = false
    this.#flush()
    this.end('left')
  }

  /** Not on a link that is full: for a ping, what the link holds already says as much. */
  #sendNow(frame: Uint8Array): void {
    if (this.#connection === null || this.#blocked) return
    if (this.#connection.send(frame)) return
    this.#blocked = true
    this.#heartbeat?.full()
  }

  // In

  receive(frame: Uint8Array): void {
    this.#heartbeat?.heard()
    const connection = this.#connection
    const reassembly = this.#hasFlow ? this.#reassembly : null
    for (const envelope of decodeBatch(frame)) {
      // An envelope may end the association: what follows it does not count.
      if (this.#connection !== connection) return
      const whole = reassembly === null ? envelope : reassembly.whole(envelope)
      if (whole !== null) this.#receive(whole)
    }
    reassembly?.frameEnds()
  }

  #receive(envelope: Envelope): void {
    switch (envelope[0]) {
      case Kind.tell:
        return this.#deliver(envelope[1], envelope[2], envelope[3], null)
      case Kind.offer:
        return this.#deliver(envelope[1], envelope[2], envelope[3], null, true)
      case Kind.ask: {
        const { clock } = this.#host.cells.runtime
        const reply = new RemoteReply(
          this.#nameOf(envelope[1]),
          envelope[2],
          this.#route!,
          clock,
          envelope[4],
          envelope[5],
        )
        return this.#deliver(envelope[1], envelope[2], envelope[3], reply)
      }
      case Kind.reply:
        return this.#asks.take(envelope[1])?.settle(decodePart(envelope[2], this.#resolveRef))
      case Kind.failure: {
        const pending = this.#asks.take(envelope[1])
        if (pending !== null) failFromWire(pending, pending.target, envelope[2], envelope[3], envelope[4], envelope[5])
        return
      }
      case Kind.watch:
        return this.#watches.watchedBy(envelope[1], envelope[2], envelope[3])
      case Kind.unwatch:
        return this.#watches.unwatchedBy(envelope[1])
      case Kind.terminated:
        return this.#watches.terminated(envelope[1], envelope[2])
      case Kind.ping:
        return this.#sendNow(PONG)
      case Kind.pong:
        return
      case Kind.bye:
        return this.end('left')
      case Kind.credit:
        this.#outbox.lanes.credit(envelope[1], envelope[2], envelope[3])
        this.#admit()
        return this.#scheduleFlush()
      default:
        throw new MalformedFrameError('pieces that were not agreed on')
    }
  }

  #deliver(to: To, name: string, encoded: Encoded, origin: Origin | null, isOffered = false): void {
    if (origin !== null || typeof to === 'number') this.#host.traffic.received++
    const payload = decodePart(encoded, this.#resolveRef)
    const sizeBytes = encoded.end - encoded.start
    const account = typeof to === 'number' && this.#hasFlow ? this.#ledger.received(to, sizeBytes) : null
    const target = RESERVED.has(name) ? null : this.#local(to)
    if (target === null) {
      const reason = RESERVED.has(name) ? 'unhandled' : typeof to === 'string' ? 'not-found' : 'stale-ref'
      this.#host.cells.undelivered(reason, this.#nameOf(to), name, payload, origin)
    } else if (isOffered) {
      return this.#offer(target, name, payload, account, sizeBytes)
    } else if (!target.enqueue(origin ?? name, payload)) {
      this.#host.cells.undelivered('mailbox-full', target.path, name, payload, origin)
    }
    if (account !== null) this.#ledger.queued(account, sizeBytes, target)
  }

  /** Queues a message once there is room for it. What waits for that is counted: there is no credit for more. */
  #offer(target: LocalTarget, name: string, payload: unknown, account: Account | null, sizeBytes: number): void {
    const { cells } = this.#host
    const onQueued = (): void => {
      if (account !== null) this.#ledger.queued(account, sizeBytes, target)
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

  /** Who a message is for, in words. */
  #nameOf(to: To): string {
    return typeof to === 'string' ? to : (this.#host.local(to)?.path ?? `#${to}`)
  }

  /** A client reaches by uid what it was given, and nothing by path. */
  #local(to: To): LocalTarget | null {
    const { cells } = this.#host
    if (this.#given === null) return this.#host.local(to)
    return typeof to === 'number' && this.#given.get({ nodeUid: cells.uid, uid: to }) ? this.#host.local(to) : null
  }

  /** A client may name its own actors and what it was given: nobody is told, dialled or watched on its word alone. */
  readonly #resolveRef = (parts: RefParts): AnyRef => {
    const { cells, resolveRef } = this.#host
    if (this.#given === null) return resolveRef(parts)
    if (parts.nodeUid === this.peer.uid) return resolveRef({ ...parts, address: this.peer.address })
    return resolveRef(this.#given.get(parts) ?? { ...parts, nodeUid: cells.uid, uid: NOBODY })
  }

  get #note(): NoteRef | null {
    return this.#given === null ? null : this.#given.note
  }

  /** The other side has been without a connection since `endedMs`, and its asks have failed. */
  #lateReply({ target, message }: Question, endedMs: number): void {
    this.#host.cells.answeredLate(target, message, endedMs)
  }
}
