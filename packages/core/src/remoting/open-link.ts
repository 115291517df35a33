import type { CellHost } from '../actor/cell-host.ts'
import type { AnswerRoute } from './answer-route.ts'
import type { Connection } from './connection.ts'
import { encodeBatch } from './encode-batch.ts'
import { Heartbeat } from './heartbeat.ts'
import { LinkNames, SentNames } from './link-names.ts'
import { Reassembly } from './reassembly.ts'
import { type Envelope, Kind } from './wire.ts'

/** Heartbeats say nothing of what has come, so that they can be made ahead. */
const PING: Uint8Array = encodeBatch([[Kind.ping]], new SentNames())
const PONG: Uint8Array = encodeBatch([[Kind.pong]], new SentNames())

/** Who hears of a link that goes on and of one that does not. */
export interface LinkWatcher {
  /** Another heartbeat has gone by. */
  beat(): void
  /** The other side is silent, or takes nothing. */
  dead(why: string): void
}

/** The connection that two nodes have at present, and what is over when it is lost. */
export class OpenLink {
  readonly connection: Connection
  /** The way back for asks of this connection: over a later one their answers would find nobody. */
  readonly route: AnswerRoute
  readonly names: LinkNames
  /** Large messages that come over it; null where pieces were not agreed on. */
  readonly #reassembly: Reassembly | null
  readonly #heartbeat: Heartbeat
  readonly #heartbeatMs: number
  readonly #host: Pick<CellHost, 'timers' | 'runtime'>
  #isFull = false
  #sentBytes = 0
  /** When a ping was answered last though the link was full. */
  #answeredMs = Number.NEGATIVE_INFINITY

  constructor(
    host: Pick<CellHost, 'timers' | 'runtime'>,
    heartbeatMs: number,
    connection: Connection,
    route: AnswerRoute,
    watcher: LinkWatcher,
    hasFlow: boolean,
  ) {
    this.#host = host
    this.#heartbeatMs = heartbeatMs
    this.connection = connection
    this.route = route
    this.names = new LinkNames()
    this.#reassembly = hasFlow ? new Reassembly(host.timers, (why) => watcher.dead(why)) : null
    this.#heartbeat = new Heartbeat(host, heartbeatMs, {
      ping: () => this.#send(PING),
      beat: () => watcher.beat(),
      dead: (why) => watcher.dead(why),
      sentBytes: () => this.#sentBytes,
      takenBytes: () => this.#sentBytes - connection.bufferedBytes,
    })
  }

  /** How long it has been there. */
  get ageMs(): number {
    return this.#heartbeat.ageMs
  }

  /** It has taken more than is good: what comes waits until it has drained. */
  get isFull(): boolean {
    return this.#isFull
  }

  send(frame: Uint8Array): void {
    this.#send(frame)
  }

  /**
   * Answers a ping. Also on a full link, where what is due to be sent would hold up the answer until the other side
   * takes this one for dead; but only now and then, as one that takes no answers may ask without end.
   */
  pong(): void {
    const nowMs = this.#host.runtime.clock.now()
    if (this.#isFull && nowMs - this.#answeredMs < this.#heartbeatMs / 2) return
    this.#answeredMs = nowMs
    this.#send(PONG)
  }

  heard(): void {
    this.#heartbeat.heard()
  }

  /** @returns the envelope with the whole of its payload; null for a piece of one @throws {MalformedFrameError} */
  whole(envelope: Envelope): Envelope | null {
    return this.#reassembly === null ? envelope : this.#reassembly.whole(envelope)
  }

  /** @throws {MalformedFrameError} for an end of a message that was announced and is not there */
  frameEnds(): void {
    this.#reassembly?.frameEnds()
  }

  drained(): void {
    this.#isFull = false
    this.#heartbeat.drained()
  }

  /** Something is to be sent whatever waits, as the last that is. */
  unblock(): void {
    this.#isFull = false
  }

  end(why: string): void {
    this.route.endedMs = this.#host.runtime.clock.now()
    this.#heartbeat.stop()
    this.#reassembly?.close()
    this.connection.close('normal', why)
  }

  #send(frame: Uint8Array): void {
    this.#sentBytes += frame.length
    if (this.connection.send(frame)) return
    this.#isFull = true
    this.#heartbeat.full()
  }
}
