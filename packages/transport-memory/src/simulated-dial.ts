import { type Cancellable, DialError, type Link } from '@troupe/core'
import type { NetworkLog } from './network-log.ts'
import { type Route, Travel } from './route.ts'
import type { SimulatedLink, SimulatedSide } from './simulated-link.ts'

/** What a dial needs to know of where it goes. */
export interface DialTarget {
  /** `sim://b`. */
  readonly address: string
  readonly there: Route
  readonly back: Route
  /** Who listens there now. */
  listener(): Listener | null
  /** Called once, when the dial is over. */
  over(dial: SimulatedDial): void
  /** Both ends of a new link. */
  link(listener: Listener): [ours: SimulatedLink, theirs: SimulatedLink]
}

export interface Listener extends SimulatedSide {
  accept(link: Link): void
}

/**
 * One attempt to make a link: a request goes there, the answer comes back. Where the way is blocked they are sent again
 * each second, until the model's time for it is over.
 */
export class SimulatedDial {
  readonly #from: SimulatedSide
  readonly #target: DialTarget
  readonly #signal: AbortSignal
  readonly #log: NetworkLog
  readonly #resolve: (link: Link) => void
  readonly #reject: (error: DialError) => void
  #deadline: Cancellable | null = null
  #link: SimulatedLink | null = null
  #isOver = false

  private constructor(
    from: SimulatedSide,
    target: DialTarget,
    signal: AbortSignal,
    log: NetworkLog,
    resolve: (link: Link) => void,
    reject: (error: DialError) => void,
  ) {
    this.#from = from
    this.#target = target
    this.#signal = signal
    this.#log = log
    this.#resolve = resolve
    this.#reject = reject
  }

  /**
   * @param started gets the dial before it can be over
   * @throws {DialError} by rejecting
   */
  static start(
    from: SimulatedSide,
    target: DialTarget,
    signal: AbortSignal,
    log: NetworkLog,
    started: (dial: SimulatedDial) => void,
  ): Promise<Link> {
    return new Promise((resolve, reject) => {
      const dial = new SimulatedDial(from, target, signal, log, resolve, reject)
      started(dial)
      if (signal.aborted) return dial.#aborted()
      signal.addEventListener('abort', dial.#aborted)
      const { dialTimeoutMs } = target.there.conditions
      dial.#deadline = from.scheduler.after(dialTimeoutMs, () => dial.fail(`no answer within ${dialTimeoutMs} ms`))
      dial.#request()
    })
  }

  #request(): void {
    const { scheduler } = this.#target.listener() ?? this.#from
    scheduler.after(this.#target.there.dialUs() / 1_000, () => this.#requested())
  }

  #requested(): void {
    const { there, back } = this.#target
    if (this.#isOver) return
    if (there.isBlocked) return this.#later(() => this.#request())
    const listener = this.#target.listener()
    if (listener !== null) {
      const [ours, theirs] = this.#target.link(listener)
      this.#link = ours
      this.#log.link('linked', there.to, there.from, ours.id, '')
      listener.accept(theirs)
    }
    this.#from.scheduler.after(back.travelUs(Travel.dial) / 1_000, () => this.#answered())
  }

  #answered(): void {
    const { there, back } = this.#target
    if (this.#isOver) return
    if (back.isBlocked) return this.#later(() => this.#answered())
    const link = this.#link
    if (link === null) return this.fail('nobody listens there')
    this.#end()
    this.#log.link('linked', there.from, there.to, link.id, '')
    this.#log.link('dialled', there.from, there.to, link.id, '')
    this.#resolve(link)
  }

  #later(task: () => void): void {
    this.#from.scheduler.after(RETRY_MS, task)
  }

  readonly #aborted = (): void => this.fail('the dial was called off', this.#signal.reason)

  /** Gives it up, unless it is over. */
  fail(why: string, cause?: unknown): void {
    if (this.#isOver) return
    this.#end()
    // The other side may have its end already.
    this.#link?.abandon(why)
    const { address, there } = this.#target
    this.#log.link('dialled', there.from, there.to, 0, why)
    this.#reject(new DialError(address, why, cause === undefined ? {} : { cause }))
  }

  /** Whoever dials is gone, and hears of nothing any more. */
  crash(): void {
    if (!this.#isOver) this.#end()
  }

  #end(): void {
    this.#isOver = true
    this.#target.over(this)
    this.#deadline?.cancel()
    this.#signal.removeEventListener('abort', this.#aborted)
  }
}

/** A TCP's first wait for the answer to its first segment. */
const RETRY_MS = 1_000
