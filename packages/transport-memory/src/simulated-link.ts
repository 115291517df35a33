import type { Cancellable, CloseCode, Link, LinkHandlers, Scheduler } from '@troupe/core'
import { Arrival, Inbox } from './inbox.ts'
import { toUs } from './link-model.ts'
import type { DropReason } from './network-event.ts'
import type { NetworkLog } from './network-log.ts'
import { Fate, type Route, type RouteEnd, Travel } from './route.ts'

/** What the end of a link needs to know of the node it is on. */
export interface SimulatedSide {
  readonly address: string
  /** Delivers to this side. */
  readonly scheduler: Scheduler
  /** Whole microseconds; only differences count. */
  nowUs(): number
  /** It has an end of a link. */
  linked(link: SimulatedLink): void
  /** Called once for each of them, when the link is over on this side. */
  ended(link: SimulatedLink): void
}

/**
 * One end of a link; the two ends hold each other. A frame is copied once, by `send`, into the inbox of the other end,
 * which delivers one frame per event of its side's scheduler: there is one such event at a time, so that frames stay in
 * order however a simulator permutes the events of one instant.
 */
export class SimulatedLink implements Link, RouteEnd {
  readonly peer: string
  readonly id: number
  readonly #side: SimulatedSide
  readonly #out: Route
  readonly #in: Route
  readonly #log: NetworkLog
  // Set by `pair` before anybody sees the link.
  #other!: SimulatedLink
  #handlers: LinkHandlers | null = null
  readonly #inbox = new Inbox()
  /** Nothing that comes on an ordered link is due before this. */
  #lastDueUs = 0
  /** When the wire has taken in what it was given, where it takes its time. */
  #wireFreeUs = 0
  #bufferedBytes = 0
  /** `send` has answered false, and room has not been made since. */
  #isFull = false
  #drainUs = NEVER
  /** Why nothing that is sent from here arrives any more; null while it does. */
  #lostTo: DropReason | null = null
  #ending: Ending | null = null
  #endUs = NEVER
  /** This side has closed the link: it takes no more frames, and needs nobody to tell it. */
  #isClosed = false
  /** The handlers have heard of the end, or nobody is there to hear of it. */
  #isOver = false
  #armed: Cancellable | null = null
  #armedUs = NEVER
  /** Made once: a closure per delivery would cost more than the delivery. */
  readonly #task = (): void => this.#deliver()

  private constructor(id: number, side: SimulatedSide, peer: SimulatedSide, out: Route, into: Route, log: NetworkLog) {
    this.id = id
    this.#side = side
    this.peer = peer.address
    this.#out = out
    this.#in = into
    this.#log = log
  }

  /** The two ends of a new link. @param there from `a` to `b`. @param back the way back */
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
    back.ends.add(atA)
    there.ends.add(atB)
    a.linked(atA)
    b.linked(atB)
    return [atA, atB]
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  get inFlight(): number {
    return this.#inbox.size
  }

  open(handlers: LinkHandlers): void {
    this.#handlers = handlers
    this.#arm()
  }

  send(frame: Uint8Array): boolean {
    if (this.#isClosed || this.#isOver) return false
    const out = this.#out
    const n = ++out.frames
    this.#log.frame('sent', out, this.id, n, frame)
    this.#bufferedBytes += frame.length
    if (this.#bufferedBytes > out.conditions.capacityBytes) this.#isFull = true
    if (this.#lostTo !== null) this.#log.frame('dropped', out, this.id, n, frame, this.#lostTo)
    else this.#dispatch(frame, n)
    return !this.#isFull
  }

  close(code: CloseCode, reason: string): void {
    if (this.#isClosed || this.#isOver) return
    this.#isClosed = true
    this.#end(code, reason, this.#side.nowUs())
    this.#bufferedBytes = 0
    this.#drop('closed')
    const other = this.#other
    other.#lostTo ??= 'closed'
    if (this.#lostTo !== null || other.#isClosed || other.#isOver) return
    // After all that was sent before.
    other.#end(code, reason, Math.max(other.#lastDueUs, other.#side.nowUs() + this.#out.travelUs(Travel.farewell)))
  }

  /** The connection breaks: what is on its way either way is lost, and both sides are told, each in its own time. */
  reset(): void {
    for (const end of [this, this.#other]) {
      end.#lostTo ??= 'reset'
      if (end.#isOver) continue
      end.#drop('reset')
      if (!end.#isClosed) end.#end('lost', 'the connection was reset', end.#side.nowUs() + end.#in.noticeUs())
    }
  }

  /** Closes an end that nobody was given. */
  abandon(reason: string): void {
    this.close('lost', reason)
    this.#leave()
  }

  /** The process on this side is gone; the other one is told some time later, unless the way to it is cut. */
  crash(): void {
    if (this.#isOver) return
    this.#leave()
    this.#log.link('unlinked', this.#out.from, this.#out.to, this.id, 'crashed')
    this.#drop('crash')
    const other = this.#other
    other.#lostTo = 'crash'
    if (other.#isOver || other.#isClosed) return
    // What has to be sent again is lost with the memory it was in.
    if (other.#in.isCut) other.#drop('crash')
    if (other.#ending === null)
      other.#end('lost', `${this.#side.address} died`, other.#side.nowUs() + other.#in.noticeUs())
  }

  cut(): void {
    if (this.#in.conditions.isDatagram) this.#drop('cut')
  }

  resume(delayUs: number): void {
    if (delayUs > 0) {
      const fromUs = this.#side.nowUs() + delayUs
      this.#inbox.postpone(fromUs)
      this.#lastDueUs = Math.max(this.#lastDueUs, fromUs)
      if (this.#drainUs < fromUs) this.#drainUs = fromUs
      if (this.#endUs < fromUs && !this.#isClosed) this.#endUs = fromUs
    }
    this.#arm()
  }

  #dispatch(frame: Uint8Array, n: number): void {
    const out = this.#out
    const { isDatagram } = out.conditions
    let fate = out.fateOf(n)
    let delayUs = 0
    let reason: DropReason = 'loss'
    const fault = this.#log.faultOf(out, n)
    if (fault !== null) {
      if (fault.fault === 'drop') reason = 'fault'
      fate |= Fate[fault.fault]
      if (fault.fault === 'delay') delayUs = toUs(fault.delayMs ?? 1_000)
    }
    if (isDatagram && out.isCut) {
      fate = Fate.drop
      reason = 'cut'
    }
    if ((fate & (Fate.drop | Fate.reset)) === 0) {
      const other = this.#other
      const bytes = this.#copy(frame, n, fate)
      other.#arrive(bytes, n, out.frameUs(n) + delayUs)
      if ((fate & Fate.duplicate) !== 0 && isDatagram) {
        this.#log.frame('duplicated', out, this.id, n, bytes)
        other.#arrive(new Uint8Array(bytes), n, out.copyUs(n))
      }
      return
    }
    this.#log.frame('dropped', out, this.id, n, frame, reason)
    if (isDatagram) this.#arrived(frame.length)
    else this.reset()
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

  /** A frame sets out for this end. */
  #arrive(bytes: Uint8Array, n: number, delayUs: number): void {
    const { bytesPerSecond, isDatagram } = this.#in.conditions
    const nowUs = this.#side.nowUs()
    let dueUs = nowUs + delayUs
    if (bytesPerSecond !== 0) {
      const tookUs = Math.ceil((bytes.length * 1_000_000) / bytesPerSecond)
      this.#wireFreeUs = Math.max(this.#wireFreeUs, nowUs) + tookUs
      dueUs = this.#wireFreeUs + delayUs
    }
    if (!isDatagram && dueUs < this.#lastDueUs) dueUs = this.#lastDueUs
    if (dueUs > this.#lastDueUs) this.#lastDueUs = dueUs
    this.#inbox.add(new Arrival(bytes, n, dueUs))
    if (dueUs < this.#armedUs) this.#arm()
  }

  #end(code: CloseCode, reason: string, atUs: number): void {
    this.#ending = { code, reason }
    this.#endUs = atUs
    this.#arm()
  }

  /** Has the next thing that is due delivered when it is. */
  #arm(): void {
    if (this.#handlers === null) return
    const atUs = this.#nextUs()
    if (atUs >= this.#armedUs) return
    this.#armed?.cancel()
    this.#armedUs = atUs
    this.#armed = this.#side.scheduler.after(Math.max(0, atUs - this.#side.nowUs()) / 1_000, this.#task)
  }

  #nextUs(): number {
    if (this.#isClosed) return this.#endUs
    if (this.#in.isBlocked) return NEVER
    const first = this.#inbox.first()
    return Math.min(first === undefined ? NEVER : first.dueUs, this.#drainUs, this.#endUs)
  }

  #deliver(): void {
    this.#armed = null
    this.#armedUs = NEVER
    const handlers = this.#handlers
    if (handlers === null) return
    const nowUs = this.#side.nowUs()
    // Not yet, where the clock is slower than the timers; or no more, where the way is blocked by now.
    if (this.#nextUs() <= nowUs) {
      const first = this.#isClosed ? undefined : this.#inbox.first()
      if (first !== undefined && first.dueUs <= Math.min(nowUs, this.#endUs)) this.#hand(first, handlers)
      else if (this.#endUs <= nowUs) return this.#finish(handlers)
      else this.#drain(handlers)
    }
    this.#arm()
  }

  #hand(arrival: Arrival, handlers: LinkHandlers): void {
    const { bytes, n } = arrival
    this.#inbox.shift()
    this.#log.frame('received', this.#in, this.id, n, bytes)
    this.#other.#arrived(bytes.length)
    try {
      handlers.frame(bytes)
    } catch (thrown) {
      this.#failed(thrown)
    }
  }

  #drain(handlers: LinkHandlers): void {
    this.#drainUs = NEVER
    try {
      handlers.drain()
    } catch (thrown) {
      this.#failed(thrown)
    }
  }

  #failed(thrown: unknown): void {
    this.close('lost', `a handler threw: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
  }

  #finish(handlers: LinkHandlers): void {
    const { code, reason } = this.#ending!
    this.#drop(this.#lostTo ?? 'reset')
    this.#leave()
    this.#log.link('unlinked', this.#out.from, this.#out.to, this.id, `${code}: ${reason}`)
    try {
      handlers.close(code, reason)
    } catch {
      // The link is over already, and there is nobody to tell.
    }
  }

  #leave(): void {
    this.#isOver = true
    this.#handlers = null
    this.#bufferedBytes = 0
    this.#armed?.cancel()
    this.#in.ends.delete(this)
    this.#side.ended(this)
  }

  /** What is on its way to this end is lost. */
  #drop(reason: DropReason): void {
    if (this.#inbox.size === 0) return
    for (const { bytes, n } of this.#inbox.takeAll()) {
      this.#log.frame('dropped', this.#in, this.id, n, bytes, reason)
      if (reason === 'cut') this.#other.#arrived(bytes.length)
    }
  }

  /** `sizeBytes` of ours are on the wire no more. */
  #arrived(sizeBytes: number): void {
    if (this.#isClosed || this.#isOver) return
    this.#bufferedBytes -= sizeBytes
    // Half of it, not just below: a sender woken for one frame would be stopped by the next.
    if (!this.#isFull || this.#bufferedBytes > this.#out.conditions.capacityBytes / 2) return
    this.#isFull = false
    this.#drainUs = this.#side.nowUs() + this.#in.travelUs(Travel.drain)
    this.#arm()
  }
}

const NEVER = Number.POSITIVE_INFINITY

interface Ending {
  readonly code: CloseCode
  readonly reason: string
}
