import type { CloseCode, Link, LinkHandlers, Scheduler } from '@troupe/core'

/** What a link needs to know of the side it is on. */
export interface LinkSide {
  /** Address of this side. */
  readonly address: string
  /** Delivers to this side. */
  readonly scheduler: Scheduler
  /** Bytes in flight above which `send` answers false. */
  readonly highWaterBytes: number
  /** Called once, when the link has ended on this side. */
  ended(link: MemoryLink): void
}

/**
 * One end of a link; the two ends hold each other. A frame is copied once, by `send`, into the inbox of the
 * other end. Each end delivers in one task of its side's scheduler, whatever has come by then.
 */
export class MemoryLink implements Link {
  readonly peer: string
  readonly #side: LinkSide
  // Set by `pair` before anybody sees the link.
  #other!: MemoryLink
  #handlers: LinkHandlers | null = null
  #inbox: Uint8Array[] = []
  #bufferedBytes = 0
  /** `send` has answered false and `drain` has not been called since. */
  #isBlocked = false
  #isDrainDue = false
  #isScheduled = false
  /** No frame is delivered any more, though some may have come. */
  #isDeaf = false
  /** How the link ends, once the inbox is empty; null while it is up. Both ends get theirs in the same call. */
  #ending: Ending | null = null
  /** Made once: a closure per delivery would cost more than the delivery. */
  readonly #task = (): void => this.#deliver()

  private constructor(side: LinkSide, peer: string) {
    this.#side = side
    this.peer = peer
  }

  /** The two ends of a new link. */
  static pair(a: LinkSide, b: LinkSide): [atA: MemoryLink, atB: MemoryLink] {
    const atA = new MemoryLink(a, b.address)
    const atB = new MemoryLink(b, a.address)
    atA.#other = atB
    atB.#other = atA
    return [atA, atB]
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  open(handlers: LinkHandlers): void {
    this.#handlers = handlers
    this.#schedule()
  }

  send(frame: Uint8Array): boolean {
    const other = this.#other
    if (this.#ending !== null) return false
    // Not frame.slice(): on a Buffer that is a view, and the receiver would share our bytes.
    other.#inbox.push(new Uint8Array(frame))
    other.#schedule()
    this.#bufferedBytes += frame.length
    if (this.#bufferedBytes > this.#side.highWaterBytes) this.#isBlocked = true
    return !this.#isBlocked
  }

  close(code: CloseCode, reason: string): void {
    if (this.#ending !== null) return
    this.#isDeaf = true
    this.#end(code, reason)
    this.#other.#end(code, reason)
  }

  /** Ends both sides at once, as a cut cable does: what is in flight is lost. */
  sever(reason: string): void {
    for (const link of [this, this.#other]) {
      link.#isDeaf = true
      link.#end('lost', reason)
    }
  }

  #end(code: CloseCode, reason: string): void {
    this.#ending = { code, reason }
    this.#bufferedBytes = 0
    this.#side.ended(this)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isScheduled || this.#handlers === null) return
    this.#isScheduled = true
    // Not `defer`: two sides that answer each other at once would keep timers and sockets out for ever.
    this.#side.scheduler.yield(this.#task)
  }

  #deliver(): void {
    this.#isScheduled = false
    const handlers = this.#handlers
    if (handlers === null) return
    try {
      this.#deliverFrames(handlers)
      if (this.#isDrainDue && this.#ending === null) {
        this.#isDrainDue = false
        handlers.drain()
      }
    } catch (thrown) {
      // What the peer sent before it closed, if it did, is lost on handlers like these.
      this.#isDeaf = true
      this.close('lost', `a handler threw: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    }
    if (this.#ending !== null && (this.#isDeaf || this.#inbox.length === 0)) this.#finish(handlers, this.#ending)
  }

  #deliverFrames(handlers: LinkHandlers): void {
    // Frames that come meanwhile wait for the next task, so that one link cannot hold the turn for ever.
    const batch = this.#inbox
    this.#inbox = []
    // Looked at for each frame: a handler may close the link in the midst of a batch.
    for (let i = 0; i < batch.length && !this.#isDeaf; i++) {
      this.#other.#arrived(batch[i]!.length)
      handlers.frame(batch[i]!)
    }
  }

  #finish(handlers: LinkHandlers, ending: Ending): void {
    this.#handlers = null
    try {
      handlers.close(ending.code, ending.reason)
    } catch {
      // The link is over already, and there is nobody to tell.
    }
  }

  /** `sizeBytes` of ours have reached the other side. */
  #arrived(sizeBytes: number): void {
    if (this.#ending !== null) return
    this.#bufferedBytes -= sizeBytes
    // Half of it, not just below: a sender woken for one frame would be stopped by the next.
    if (this.#isBlocked && this.#bufferedBytes <= this.#side.highWaterBytes / 2) {
      this.#isBlocked = false
      this.#isDrainDue = true
      this.#schedule()
    }
  }
}

interface Ending {
  readonly code: CloseCode
  readonly reason: string
}
