import type { CloseCode, Link, LinkHandlers } from '@troupe/core'
import { Inbound, type InboundOwner, type Receiver } from './inbound.ts'
import { toUs } from './link-model.ts'
import type { DropReason } from './network-event.ts'
import type { NetworkLog } from './network-log.ts'
import { Fate, type Route, type RouteEnd, Travel } from './route.ts'

/** What the end of a link needs to know of the node it is on. */
export interface SimulatedSide extends Receiver {
  readonly address: string
  /** It has an end of a link. */
  linked(link: SimulatedLink): void
  /** Called once for each of them, when the link is over on this side. */
  ended(link: SimulatedLink): void
}

/**
 * One end of a link; the two ends hold each other. A frame is copied once, by `send`, and is then on its way to the
 * other end, unless the route between them does something else to it.
 */
export class SimulatedLink implements Link, RouteEnd, InboundOwner {
  readonly peer: string
  readonly id: number
  readonly #side: SimulatedSide
  readonly #out: Route
  readonly #in: Route
  readonly #log: NetworkLog
  readonly #inbound: Inbound
  // Set by `pair` before anybody sees the link.
  #other!: SimulatedLink
  #bufferedBytes = 0
  /** `send` has answered false, and room has not been made since. */
  #isFull = false
  /** Why nothing that is sent from here arrives any more; null while it does. */
  #lostTo: DropReason | null = null
  /** This side has closed the link. */
  #isClosed = false
  /** The handlers have heard of the end, or nobody is there to hear of it. */
  #isOver = false

  private constructor(id: number, side: SimulatedSide, peer: SimulatedSide, out: Route, into: Route, log: NetworkLog) {
    this.id = id
    this.#side = side
    this.peer = peer.address
    this.#out = out
    this.#in = into
    this.#log = log
    this.#inbound = new Inbound(side, into, id, log, this)
    into.ends.add(this)
    side.linked(this)
  }

  /**
   * The two ends of a new link.
   *
   * @param there from `a` to `b`
   * @param back the way back
   */
  static pair(
    id: number,
    a: SimulatedSide,
    b: SimulatedSide,
    there: Route,
    back: Route,
    log: NetworkLog,
  ): [atA: SimulatedLink, atB: SimulatedLink] {
    const atA = new SimulatedLink(id, a, b, there, back, log)
    const atB = new SimulatedLink(id, b, a, back, there, log)
    atA.#other = atB
    atB.#other = atA
    return [atA, atB]
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  get inFlight(): number {
    return this.#inbound.size
  }

  open(handlers: LinkHandlers): void {
    if (!this.#isOver) this.#inbound.open(handlers)
  }

  send(frame: Uint8Array): boolean {
    if (this.#isClosed || this.#isOver) return false
    const n = ++this.#out.frames
    this.#log.frame('sent', this.#out, this.id, n, frame)
    this.#bufferedBytes += frame.length
    if (this.#bufferedBytes > this.#out.conditions.capacityBytes) this.#isFull = true
    if (this.#lostTo !== null) this.#log.frame('dropped', this.#out, this.id, n, frame, this.#lostTo)
    else this.#dispatch(frame, n)
    return !this.#isFull
  }

  close(code: CloseCode, reason: string): void {
    if (this.#isClosed || this.#isOver) return
    this.#isClosed = true
    this.#bufferedBytes = 0
    this.#inbound.drop('closed')
    this.#inbound.endHere(code, reason)
    const other = this.#other
    other.#lostTo ??= 'closed'
    if (this.#lostTo !== null || other.#isClosed || other.#isOver) return
    other.#inbound.endAfter(code, reason, this.#out.travelUs(Travel.farewell))
  }

  /** Closes an end that nobody was given. */
  abandon(reason: string): void {
    this.close('lost', reason)
    this.#leave()
  }

  /** The connection breaks: what is on its way either way is lost, and both sides are told, each in its own time. */
  reset(): void {
    for (const end of [this, this.#other]) {
      end.#lostTo ??= 'reset'
      if (end.#isOver) continue
      end.#inbound.drop('reset')
      if (!end.#isClosed) end.#inbound.breakAfter('the connection was reset', end.#in.noticeUs())
    }
  }

  /** The process on this side is gone; the other one is told some time later, unless the way to it is cut. */
  crash(): void {
    if (this.#isOver) return
    this.#leave()
    this.#unlinked('crashed')
    this.#inbound.drop('crash')
    const other = this.#other
    other.#lostTo = 'crash'
    if (other.#isOver || other.#isClosed) return
    // What has to be sent again is lost with the memory it was in.
    if (other.#in.isCut) other.#inbound.drop('crash')
    if (!other.#inbound.isEnding) other.#inbound.breakAfter(`${this.#side.address} died`, other.#in.noticeUs())
  }

  cut(): void {
    if (this.#in.conditions.isDatagram) this.#inbound.drop('cut')
  }

  resume(delayUs: number): void {
    this.#inbound.resumeAfter(delayUs)
  }

  arrived(sizeBytes: number): void {
    this.#other.#delivered(sizeBytes)
  }

  failed(thrown: unknown): void {
    this.close('lost', `a handler threw: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
  }

  ended(code: CloseCode, reason: string, handlers: LinkHandlers): void {
    this.#inbound.drop(this.#lostTo ?? 'reset')
    this.#leave()
    this.#unlinked(`${code}: ${reason}`)
    try {
      handlers.close(code, reason)
    } catch {
      // The link is over already, and there is nobody to tell.
    }
  }

  /** Sends a frame on its way, whatever way that is. */
  #dispatch(frame: Uint8Array, n: number): void {
    const out = this.#out
    const { isDatagram } = out.conditions
    const fault = this.#log.faultOf(out, n)
    const fate = out.fateOf(n) | (fault === null ? 0 : Fate[fault.fault])
    if (isDatagram && out.isCut) this.#lose(frame, n, 'cut')
    else if ((fate & Fate.drop) !== 0) this.#lose(frame, n, fault?.fault === 'drop' ? 'fault' : 'loss')
    else if ((fate & Fate.reset) !== 0) this.#lose(frame, n, 'loss')
    else {
      const delayUs = fault?.fault === 'delay' ? toUs(fault.delayMs ?? DELAY_MS) : 0
      const bytes = this.#copy(frame, n, fate)
      this.#other.#inbound.add(bytes, n, out.frameUs(n) + delayUs)
      if ((fate & Fate.duplicate) !== 0 && isDatagram) {
        this.#log.frame('duplicated', out, this.id, n, bytes)
        this.#bufferedBytes += frame.length
        this.#other.#inbound.add(new Uint8Array(bytes), n, out.copyUs(n))
      }
    }
  }

  #copy(frame: Uint8Array, n: number, fate: number): Uint8Array {
    // Not frame.slice(): on a Buffer that is a view, and the receiver would share our bytes.
    const bytes = new Uint8Array(frame)
    if ((fate & Fate.corrupt) !== 0 && bytes.length > 0) {
      this.#out.corrupt(bytes, n)
      this.#log.frame('corrupted', this.#out, this.id, n, bytes)
    }
    return bytes
  }

  #lose(frame: Uint8Array, n: number, reason: DropReason): void {
    this.#log.frame('dropped', this.#out, this.id, n, frame, reason)
    // Nothing is lost from an ordered connection while there is one.
    if (this.#out.conditions.isDatagram) this.#delivered(frame.length)
    else this.reset()
  }

  /** `sizeBytes` of ours are on their way no more. */
  #delivered(sizeBytes: number): void {
    if (this.#isClosed || this.#isOver) return
    this.#bufferedBytes -= sizeBytes
    // Half of it, not just below: a sender woken for one frame would be stopped by the next.
    if (!this.#isFull || this.#bufferedBytes > this.#out.conditions.capacityBytes / 2) return
    this.#isFull = false
    this.#inbound.drainAfter(this.#in.travelUs(Travel.drain))
  }

  #leave(): void {
    this.#isOver = true
    this.#bufferedBytes = 0
    this.#inbound.stop()
    this.#in.ends.delete(this)
    this.#side.ended(this)
  }

  #unlinked(reason: string): void {
    this.#log.link('unlinked', this.#out.from, this.#out.to, this.id, reason)
  }
}

/** How much longer a delayed frame takes, where its fault does not say. */
const DELAY_MS = 1_000
