import type { PendingAsk } from '../actor/ask.ts'
import type { CellHost, LocalTarget } from '../actor/cell-host.ts'
import type { DeadLetterReason } from '../actor/dead-letter.ts'
import type { Origin } from '../actor/origin.ts'
import type { Watcher } from '../actor/watcher.ts'
import { decode, encode, type ResolveRef } from '../codec/cbor.ts'
import { FrameTooLargeError, toError } from '../errors.ts'
import type { Deadline } from '../runtime/timer-queue.ts'
import type { Connection, FrameSink } from './connection.ts'
import { Outbox } from './outbox.ts'
import type { Peer, PeerEvent } from './peer-event.ts'
import { RemoteReply, type ReplyRoute } from './remote-reply.ts'
import { RemoteWatches } from './remote-watches.ts'
import { decodeBatch, type Envelope, encodeBatch, Kind, MAX_MESSAGE_BYTES, type To } from './wire.ts'
import { failFromWire } from './wire-failure.ts'

/** What an association needs of the node around it. */
export interface AssociationHost {
  readonly cells: CellHost
  readonly heartbeatMs: number
  readonly resolveRef: ResolveRef
  local(to: To): LocalTarget | null
  emit(event: PeerEvent): void
  /** The connection is gone, or was never there: make one. */
  wantConnection(association: Association): void
  /** It is over: forget it and never talk to that uid again. */
  gone(association: Association): void
}

/** A peer that has been silent for this many heartbeats is no longer connected. */
const SILENT_HEARTBEATS = 4

/** A method every object has is no message, whatever a peer sends. */
const RESERVED: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype))

/**
 * What this node shares with one run of another: at most one open connection, and all that outlives it. Asks
 * that were sent when it is lost fail at once; messages not yet sent wait; watches are made anew.
 */
export class Association implements FrameSink, ReplyRoute {
  peer: Peer
  readonly #host: AssociationHost
  readonly #outbox = new Outbox()
  readonly #watches: RemoteWatches
  readonly #asks = new Map<number, PendingAsk>()
  #lastCorrelation = 0
  #connection: Connection | null = null
  /** How many connections there have been: answers to asks of an earlier one are not sent over a later one. */
  #epoch = 0
  #down = false
  #flushing = false
  #blocked = false
  #heartbeat: Deadline | null = null
  #lastHeardMs = 0
  #lastBeatMs = 0

  constructor(host: AssociationHost, peer: Peer) {
    this.#host = host
    this.peer = peer
    this.#watches = new RemoteWatches(this, (to) => host.local(to))
  }

  get connected(): boolean {
    return this.#connection !== null
  }

  get epoch(): number {
    return this.#epoch
  }

  // Out

  tell(to: To, target: string, name: string, payload: unknown): void {
    const bytes = encodeMessage(payload, name)
    this.#push([Kind.tell, to, name, bytes], bytes.length, { name, payload, target, pending: null })
  }

  ask(to: To, target: string, name: string, payload: unknown, pending: PendingAsk): void {
    const bytes = encodeMessage(payload, name)
    const correlation = ++this.#lastCorrelation
    pending.onEnd = () => this.#asks.delete(correlation)
    this.#asks.set(correlation, pending)
    this.#push([Kind.ask, to, name, bytes, correlation, 0], bytes.length, { name, payload, target, pending })
  }

  watch(to: To, watcher: Watcher): void {
    if (this.#down) watcher.terminated('node-down')
    else this.#watches.watch(to, watcher)
  }

  unwatch(watcher: Watcher): void {
    this.#watches.unwatch(watcher)
  }

  sendSystem(envelope: Envelope): void {
    if (this.#down) return
    this.#outbox.pushSystem(envelope)
    this.#scheduleFlush()
  }

  reply(correlation: number, value: unknown): void {
    let bytes: Uint8Array
    try {
      bytes = encodeMessage(value, 'reply')
    } catch (thrown) {
      const error = toError(thrown)
      this.#host.cells.logger('/').error('an answer cannot be sent', error)
      this.sendSystem([Kind.failure, correlation, 'handler', error.message, error.name, 'NOT_SERIALIZABLE'])
      return
    }
    this.sendSystem([Kind.reply, correlation, bytes])
  }

  #push(envelope: Envelope, sizeBytes: number, message: Parameters<Outbox['push']>[2]): void {
    if (this.#down) this.#undelivered('node-down', message)
    else if (!this.#outbox.push(envelope, sizeBytes, message)) this.#undelivered('outbound-full', message)
    else if (this.#outbox.hasBatch && !this.#blocked) this.#flush()
    else this.#scheduleFlush()
  }

  #undelivered(reason: DeadLetterReason, message: Parameters<Outbox['push']>[2]): void {
    this.#host.cells.undelivered(reason, message.target, message.name, message.payload, message.pending)
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
    while (this.#connection !== null && !this.#blocked && !this.#outbox.empty) {
      const batch = this.#outbox.takeBatch()
      if (batch.length > 0) this.#blocked = !this.#connection.send(encodeBatch(batch))
    }
  }

  // The connection

  /** A connection is open. @returns who gets its frames */
  attach(connection: Connection, epoch: number, peer: Peer): FrameSink {
    this.#detach('superseded')
    this.peer = peer
    this.#epoch = epoch
    this.#connection = connection
    this.#blocked = false
    this.#lastHeardMs = this.#lastBeatMs = this.#host.cells.runtime.clock.now()
    this.#scheduleHeartbeat()
    this.#host.emit({ type: 'peer-up', peer })
    this.#watches.renew()
    this.#scheduleFlush()
    return {
      receive: (frame) => this.receive(frame),
      drained: () => this.drained(),
      closed: (closed, why) => this.closed(closed, why),
    }
  }

  drained(): void {
    this.#blocked = false
    this.#flush()
  }

  closed(connection: Connection, why: string): void {
    if (connection !== this.#connection) return
    this.#detach(why)
    this.#host.emit({ type: 'peer-lost', peer: this.peer, why })
    this.#host.wantConnection(this)
  }

  /** An attempt to connect has failed: asks that were not sent need not wait for the next one. */
  unreachable(): void {
    for (const message of this.#outbox.takeAsks()) this.#undelivered('unreachable', message)
  }

  #detach(why: string): void {
    const connection = this.#connection
    if (connection === null) return
    this.#connection = null
    this.#heartbeat?.cancel()
    connection.close('normal', why)
    for (const pending of [...this.#asks.values()]) if (pending.sent) pending.abandoned('link-lost')
  }

  /** This run of the peer is over for this node, whatever it still says: tells everybody who waits for it. */
  end(reason: 'node-down' | 'node-restarted' | 'left'): void {
    if (this.#down) return
    this.#down = true
    this.#detach(reason)
    this.#host.gone(this)
    for (const message of this.#outbox.takeAll()) this.#undelivered('node-down', message)
    for (const pending of [...this.#asks.values()]) pending.abandoned('node-down')
    this.#watches.end(reason === 'left' ? 'node-down' : reason)
    this.#host.emit({ type: 'peer-down', peer: this.peer, reason })
  }

  /** Says goodbye: the peer need not wait whether this node comes back. */
  leave(): void {
    this.#outbox.pushSystem([Kind.bye])
    this.#blocked = false
    this.#flush()
    this.end('left')
  }

  #scheduleHeartbeat(): void {
    this.#heartbeat = this.#host.cells.timers.after(this.#host.heartbeatMs, () => this.#beat())
  }

  #beat(): void {
    const { heartbeatMs } = this.#host
    const nowMs = this.#host.cells.runtime.clock.now()
    // A node that was itself stalled must not accuse: what the others sent meanwhile is still unread.
    if (nowMs - this.#lastBeatMs > 2 * heartbeatMs) this.#lastHeardMs = nowMs
    this.#lastBeatMs = nowMs
    const connection = this.#connection
    if (connection === null) return
    if (nowMs - this.#lastHeardMs > SILENT_HEARTBEATS * heartbeatMs) {
      this.closed(connection, `silent for ${Math.round(nowMs - this.#lastHeardMs)} ms`)
      return
    }
    if (nowMs - this.#lastHeardMs >= heartbeatMs / 2) connection.send(encodeBatch([[Kind.ping]]))
    this.#scheduleHeartbeat()
  }

  // In

  receive(frame: Uint8Array): void {
    this.#lastHeardMs = this.#host.cells.runtime.clock.now()
    const connection = this.#connection
    for (const envelope of decodeBatch(frame)) {
      // An envelope may end the association: what follows it does not count.
      if (this.#connection !== connection) return
      this.#receive(envelope)
    }
  }

  #receive(envelope: Envelope): void {
    switch (envelope[0]) {
      case Kind.tell:
        return this.#deliver(envelope[1], envelope[2], envelope[3], null)
      case Kind.ask: {
        const { clock } = this.#host.cells.runtime
        return this.#deliver(
          envelope[1],
          envelope[2],
          envelope[3],
          new RemoteReply(this.#route(), clock, envelope[4], envelope[5]),
        )
      }
      case Kind.reply:
        return this.#asked(envelope[1])?.settle(decode(envelope[2], this.#host.resolveRef))
      case Kind.failure: {
        const pending = this.#asked(envelope[1])
        if (pending !== null) failFromWire(pending, pending.target, envelope[2], envelope[3], envelope[4], envelope[5])
        return
      }
      case Kind.watch:
        return this.#watches.watchedBy(envelope[1], envelope[2])
      case Kind.unwatch:
        return this.#watches.unwatchedBy(envelope[1])
      case Kind.terminated:
        return this.#watches.terminated(envelope[1], envelope[2])
      case Kind.ping:
        this.#connection?.send(encodeBatch([[Kind.pong]]))
        return
      case Kind.pong:
        return
      case Kind.bye:
        return this.end('left')
    }
  }

  #deliver(to: To, name: string, bytes: Uint8Array, origin: Origin | null): void {
    const payload = decode(bytes, this.#host.resolveRef)
    const target = RESERVED.has(name) ? null : this.#host.local(to)
    if (target !== null) return target.enqueue(name, payload, origin)
    const reason = RESERVED.has(name) ? 'unhandled' : typeof to === 'string' ? 'not-found' : 'stale-ref'
    this.#host.cells.undelivered(reason, typeof to === 'string' ? to : `#${to}`, name, payload, origin)
  }

  #asked(correlation: number): PendingAsk | null {
    const pending = this.#asks.get(correlation)
    if (pending !== undefined) return pending
    this.#host.emit({ type: 'late-reply', peer: this.peer.name })
    return null
  }

  /** The way back for asks of the present connection: over a later one their answers would find nobody. */
  #route(): ReplyRoute {
    const epoch = this.#epoch
    return {
      reply: (correlation, value) => {
        if (epoch === this.#epoch) this.reply(correlation, value)
      },
      sendSystem: (envelope) => {
        if (epoch === this.#epoch) this.sendSystem(envelope)
      },
    }
  }
}

/** @throws {NotSerializableError | FrameTooLargeError} */
function encodeMessage(payload: unknown, name: string): Uint8Array {
  const bytes = encode(payload, name)
  if (bytes.length > MAX_MESSAGE_BYTES) throw new FrameTooLargeError(bytes.length, MAX_MESSAGE_BYTES)
  return bytes
}
