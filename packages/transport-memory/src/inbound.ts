import type { Cancellable, CloseCode, LinkHandlers, Scheduler } from '@troupe/core'
import { Arrival, Inbox } from './inbox.ts'
import type { DropReason } from './network-event.ts'
import type { NetworkLog } from './network-log.ts'
import type { Route } from './route.ts'

/** Time on the side where something arrives. */
export interface Receiver {
  readonly scheduler: Scheduler
  /** Whole microseconds; only differences count. */
  nowUs(): number
}

/** The end of a link to which this is coming. */
export interface InboundOwner {
  /** A frame is on its way no more: it has been received, or lost alone. */
  arrived(sizeBytes: number): void
  /** A handler threw. */
  failed(thrown: unknown): void
  /** It is time to tell the handlers that the link is over. Nothing is delivered any more. */
  ended(code: CloseCode, reason: string, handlers: LinkHandlers): void
}

/**
 * Everything that is on its way to one end of a link, and its delivery: one frame per event of the receiver's scheduler.
 * There is one such event at a time, so that frames stay in order however a simulator permutes the events of one instant.
 */
export class Inbound {
  readonly #receiver: Receiver
  readonly #route: Route
  readonly #link: number
  readonly #log: NetworkLog
  readonly #owner: InboundOwner
  readonly #inbox = new Inbox()
  #handlers: LinkHandlers | null = null
  /** Nothing that comes on an ordered link is due before this. */
  #lastDueUs = 0
  /** When the wire has taken in what it was given, where it takes its time. */
  #wireFreeUs = 0
  #drainUs = NEVER
  #ending: Ending | null = null
  #endUs = NEVER
  /** This side ends the link: it takes nothing more, and needs no news to come through. */
  #isEndedHere = false
  #armed: Cancellable | null = null
  #armedUs = NEVER
  /** Made once: a closure per delivery would cost more than the delivery. */
  readonly #task = (): void => this.#deliver()

  constructor(receiver: Receiver, route: Route, link: number, log: NetworkLog, owner: InboundOwner) {
    this.#receiver = receiver
    this.#route = route
    this.#link = link
    this.#log = log
    this.#owner = owner
  }

  /** Frames on their way. */
  get size(): number {
    return this.#inbox.size
  }

  get isEnding(): boolean {
    return this.#ending !== null
  }

  open(handlers: LinkHandlers): void {
    this.#handlers = handlers
    this.#arm()
  }

  /** A frame sets out, which would take `delayUs` if it were alone. */
  add(bytes: Uint8Array, n: number, delayUs: number): void {
    const { bytesPerSecond, isDatagram } = this.#route.conditions
    const nowUs = this.#receiver.nowUs()
    let dueUs = nowUs + delayUs
    if (bytesPerSecond !== 0) {
      const tookUs = Math.ceil((bytes.length * 1_000_000) / bytesPerSecond)
      this.#wireFreeUs = Math.max(this.#wireFreeUs, nowUs) + tookUs
      dueUs = this.#wireFreeUs + delayUs
    }
    if (dueUs > this.#lastDueUs) this.#lastDueUs = dueUs
    else if (!isDatagram) dueUs = this.#lastDueUs
    this.#inbox.add(new Arrival(bytes, n, dueUs))
    if (dueUs < this.#armedUs) this.#arm()
  }

  /** The sender's buffer has room again, `delayUs` from now. */
  drainAfter(delayUs: number): void {
    this.#drainUs = this.#receiver.nowUs() + delayUs
    this.#arm()
  }

  /** The other side has closed the link: the end comes after all that was sent. */
  endAfter(code: CloseCode, reason: string, delayUs: number): void {
    this.#end(code, reason, Math.max(this.#lastDueUs, this.#receiver.nowUs() + delayUs))
  }

  /** News of a broken connection is on its way, and may be here before the frames. */
  breakAfter(reason: string, delayUs: number): void {
    this.#end('lost', reason, this.#receiver.nowUs() + delayUs)
  }

  /** This side closes the link, and is told so at once. */
  endHere(code: CloseCode, reason: string): void {
    this.#isEndedHere = true
    this.#end(code, reason, this.#receiver.nowUs())
  }

  /** Nothing waits any longer than `delayUs` from now, and nothing comes sooner. */
  resumeAfter(delayUs: number): void {
    if (delayUs > 0) this.#postpone(this.#receiver.nowUs() + delayUs)
    this.#arm()
  }

  /** Frames on their way are lost. */
  drop(reason: DropReason): void {
    if (this.#inbox.size === 0) return
    for (const { bytes, n } of this.#inbox.takeAll()) {
      this.#log.frame('dropped', this.#route, this.#link, n, bytes, reason)
      // Of a datagram nobody waits for the receipt.
      if (reason === 'cut') this.#owner.arrived(bytes.length)
    }
  }

  /** Nothing is delivered any more, not even the end. */
  stop(): void {
    this.#handlers = null
    this.#armed?.cancel()
    this.#armed = null
  }

  #postpone(untilUs: number): void {
    this.#inbox.postpone(untilUs)
    this.#lastDueUs = Math.max(this.#lastDueUs, untilUs)
    if (this.#drainUs < untilUs) this.#drainUs = untilUs
    if (this.#endUs < untilUs && !this.#isEndedHere) this.#endUs = untilUs
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
    this.#armed = this.#receiver.scheduler.after(Math.max(0, atUs - this.#receiver.nowUs()) / 1_000, this.#task)
  }

  #nextUs(): number {
    if (this.#isEndedHere) return this.#endUs
    if (this.#route.isBlocked) return NEVER
    const first = this.#inbox.first()
    return Math.min(first === undefined ? NEVER : first.dueUs, this.#drainUs, this.#endUs)
  }

  #deliver(): void {
    this.#armed = null
    this.#armedUs = NEVER
    const handlers = this.#handlers
    if (handlers === null) return
    const nowUs = this.#receiver.nowUs()
    // Not yet, where the clock is slower than the timers; or no more, where the way is blocked by now.
    if (this.#nextUs() <= nowUs) this.#deliverNext(handlers, nowUs)
    this.#arm()
  }

  #deliverNext(handlers: LinkHandlers, nowUs: number): void {
    const first = this.#isEndedHere ? undefined : this.#inbox.first()
    // What is due at the same instant as the end was sent before it.
    const isFrame = first !== undefined && first.dueUs <= Math.min(nowUs, this.#endUs)
    if (!isFrame && this.#endUs <= nowUs) {
      const { code, reason } = this.#ending!
      this.stop()
      this.#owner.ended(code, reason, handlers)
      return
    }
    try {
      if (isFrame) this.#hand(first, handlers)
      else {
        this.#drainUs = NEVER
        handlers.drain()
      }
    } catch (thrown) {
      this.#owner.failed(thrown)
    }
  }

  #hand({ bytes, n }: Arrival, handlers: LinkHandlers): void {
    this.#inbox.shift()
    this.#log.frame('received', this.#route, this.#link, n, bytes)
    this.#owner.arrived(bytes.length)
    handlers.frame(bytes)
  }
}

const NEVER = Number.POSITIVE_INFINITY

interface Ending {
  readonly code: CloseCode
  readonly reason: string
}
