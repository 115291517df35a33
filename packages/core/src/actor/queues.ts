import { type Dispatcher, type Runnable, TURN_MESSAGES } from '../dispatch/dispatcher.ts'
import { toError } from '../errors.ts'
import { Fifo } from '../mailbox/fifo.ts'
import type { Mailbox, MailboxStrategy } from '../mailbox/mailbox.ts'
import { UnboundedMailbox } from '../mailbox/unbounded.ts'
import type { CellHost } from './cell-host.ts'
import type { DeadLetter, DeadLetterReason } from './dead-letter.ts'
import { RUNNING, STARTING, STOPPED, STOPPING } from './life-state.ts'
import { Asker } from './nested-ask.ts'
import { OfferLine, type PendingOffer } from './offer.ts'
import { type Head, nameOf, type Origin, originOf } from './origin.ts'
import { HIGH_WATER, nextQueue, Waiting, waitingIn } from './waiting.ts'

/** Messages are handled as the dispatcher's ring brings them. */
const DIRECT = 0
/** Messages wait in queues of the actor's own: it is busy, or has more to do than one turn allows. */
const QUEUED = 1
/** With either of these: the actor's first start is in the ring still, ahead of its messages. */
const FRESH = 2

/** An entry of the ring that is no message: the actor's first start. */
const START: unknown = Object.freeze({ entry: 'start' })
/** Another one: look into the queues. */
const VISIT: unknown = Object.freeze({ entry: 'visit' })
/** The same for what need not wait for the handler under way. */
const BESIDE: unknown = Object.freeze({ entry: 'beside' })

/**
 * Where an actor's messages wait. As long as it has less to do than one turn allows, the dispatcher's ring is its
 * mailbox: nothing is queued twice, and an idle actor has no queue at all.
 *
 * What waits is oldest in `front`, which is what came back from the stash, and then in `held`, where the ring puts
 * what it brings while the actor is busy; then come the entries still in the ring; then `mailbox`, which gets all
 * that is sent while there is something in it. What need not wait for the handler under way is taken out of all of
 * them and goes into `beside`; if that handler ends first, it comes before the rest of `held`.
 *
 * A cell is made of five classes, each of which extends the one before: Queues, Turns, SideTurns, Lifecycle, Cell. What
 * only they need is a `protected` method, not a `#method`: a class with `#methods` marks each of its instances, with 8
 * bytes that a million actors need not have. Private fields cost nothing more than others.
 */
export abstract class Queues extends Asker implements Runnable {
  readonly host: CellHost
  protected readonly dispatcher: Dispatcher
  protected state: number = STARTING
  #mode = DIRECT
  /** Messages of this actor in the ring. */
  #inRing = 0
  /** Made when first needed: most actors of a million have none of it. */
  protected waiting: Waiting | null = null

  constructor(host: CellHost, mailbox: MailboxStrategy | undefined) {
    super()
    this.host = host
    this.dispatcher = host.dispatcher
    if (mailbox === undefined && !host.queuesOnly) return
    this.#mode = QUEUED
    if (mailbox !== undefined) {
      this.ownWaiting.mailbox = mailbox.create((head, payload) =>
        this.undelivered('mailbox-full', head as Head, payload),
      )
    }
  }

  abstract override get path(): string
  abstract obey(signal: unknown): void
  /** The actor's first start, unless it is over before that. */
  protected abstract setUp(): void
  /** Messages that do not wait for a pending handler. */
  protected abstract get interleaved(): ReadonlySet<string> | null
  /** Calls the handler of a message with nobody behind it. */
  protected abstract handleTell(name: string, payload: unknown): void
  protected abstract handleFrom(origin: Origin, payload: unknown): void
  /** A message was taken from a queue: calls its handler. */
  protected abstract take(head: Head, payload: unknown): void
  /** Calls the handler of a message that need not wait for the one that is pending. */
  protected abstract handleBeside(head: Head, payload: unknown): void
  /** Nothing of this actor is in the ring any more. */
  protected abstract ringEmptied(): void
  /** The mailbox overflowed, and the actor is to fail. */
  protected abstract overflowed(): void

  // Sending

  /** Queues a message behind all that were queued before. @returns false when the mailbox has turned it down */
  enqueue(head: Head, payload: unknown): boolean {
    if (this.#mode !== DIRECT || this.#inRing >= TURN_MESSAGES) return this.enqueueQueued(head, payload)
    this.#inRing++
    this.dispatcher.post(this, head, payload)
    return true
  }

  protected enqueueQueued(head: Head, payload: unknown): boolean {
    if (this.#mode === FRESH && this.#inRing < TURN_MESSAGES) {
      this.#inRing++
      this.dispatcher.post(this, head, payload)
      return true
    }
    const { waiting } = this
    if (waiting === null || waiting.plain === null || this.state >= STOPPING) return this.enqueueWith(head, payload)
    this.#mode |= QUEUED
    const pushed = waiting.plain.push(head, payload)
    if (pushed !== 'queued') return this.notQueued(pushed, typeof head === 'string', head, payload)
    this.pushed(waiting, waiting.plain)
    return true
  }

  /** The same with all that may have a say in it. */
  protected enqueueWith(head: Head, payload: unknown): boolean {
    const { hooks } = this.host
    const plain = typeof head === 'string'
    if (hooks !== null) {
      const passing = hooks.passing(this.path, head, payload)
      if (passing === null) return true
      head = passing.head
      payload = passing.payload
    }
    if (this.state >= STOPPING) {
      this.undelivered(this.state === STOPPING ? 'stopping' : 'stopped', head, payload)
      return true
    }
    this.#mode |= QUEUED
    const waiting = this.ownWaiting
    const mailbox = (waiting.mailbox ??= new UnboundedMailbox())
    if (hooks === null && this.interleaved === null) waiting.plain = mailbox
    if (this.interleaved !== null && this.goesBeside(waiting, head, mailbox)) {
      waiting.beside ??= new Fifo()
      waiting.beside.push(head, payload)
      this.postBeside(waiting)
      return true
    }
    const pushed = mailbox.push(head, payload)
    if (pushed !== 'queued') return this.notQueued(pushed, plain, head, payload)
    this.pushed(waiting, mailbox)
    return true
  }

  /** A message has been put into `mailbox`. */
  protected pushed(waiting: Waiting, mailbox: Mailbox): void {
    if (mailbox.size + this.#inRing >= waiting.highWater) this.reportHighWater(waiting)
    if (this.#inRing === 0 && !waiting.visitPosted) this.goOn()
  }

  protected notQueued(
    pushed: 'rejected' | 'dropped' | 'failed',
    plain: boolean,
    head: Head,
    payload: unknown,
  ): boolean {
    // Who only told can be told so. Who asked waits for an answer, and gets this one.
    if (pushed === 'rejected' && plain) {
      originOf(head)?.undelivered('mailbox-full')
      return false
    }
    this.undelivered('mailbox-full', head, payload)
    if (pushed === 'failed') this.overflowed()
    return true
  }

  offer(name: string, payload: unknown): 'full' | 'stopping' | 'stopped' | null {
    if (this.state >= STOPPING) return this.state === STOPPING ? 'stopping' : 'stopped'
    const waiting = this.waiting
    if (waiting !== null && (waiting.offers?.empty === false || waiting.mailbox?.full)) return 'full'
    return this.enqueue(name, payload) ? null : 'full'
  }

  waitForRoom(offer: PendingOffer, payload: unknown): void {
    const waiting = this.ownWaiting
    waiting.offers ??= new OfferLine()
    waiting.offers.add(offer, () => !waiting.mailbox?.full && this.enqueue(offer.message, payload))
  }

  /** Whoever waits for room waits in vain. */
  protected refuseOffers(): void {
    this.waiting?.offers?.rejectAll('stopping')
  }

  protected get ownWaiting(): Waiting {
    this.waiting ??= new Waiting()
    return this.waiting
  }

  /** What it was given at spawn, or what it has needed meanwhile. */
  get mailbox(): Mailbox | null {
    return this.waiting === null ? null : this.waiting.mailbox
  }

  // Turns

  /**
   * Asks for the first start: behind all that was sent before, and what is spawned in a set-up before anything else.
   */
  protected start(): void {
    const { dispatcher } = this
    if (dispatcher.inStep) return dispatcher.signal(this, 'start')
    this.#mode |= FRESH
    dispatcher.post(this, START, undefined)
  }

  protected startInTurn(): void {
    this.#mode &= ~FRESH
    this.dispatcher.beginStep()
    this.setUp()
  }

  /** Messages waiting. */
  get queued(): number {
    const waiting = this.waiting
    return waiting === null ? this.#inRing : this.#inRing + waitingIn(waiting)
  }

  receive(head: unknown, payload: unknown): void {
    if (this.#mode !== DIRECT) return this.receiveQueued(head, payload)
    this.#inRing--
    if (typeof head === 'string') this.handleTell(head, payload)
    else this.handleFrom(head as Origin, payload)
    // Handlers are slow: with more in the ring, the others go first.
    if (this.dispatcher.slow && this.#inRing > 0 && this.#mode === DIRECT) {
      this.#mode = QUEUED
      this.ownWaiting.held ??= new Fifo()
    }
  }

  protected receiveQueued(head: unknown, payload: unknown): void {
    if (head === START) return this.startInTurn()
    if (head === VISIT) return this.visit()
    if (head === BESIDE) return this.visitBeside()
    this.#inRing--
    const waiting = this.ownWaiting
    if (this.runnable && waiting.held === null) this.take(head as Head, payload)
    else if (this.state === STOPPED) this.undelivered('stopped', head as Head, payload)
    else if (this.interleaved !== null && this.comesBeside(waiting, head as Head))
      this.handleBeside(head as Head, payload)
    else {
      waiting.held ??= new Fifo()
      waiting.held.push(head, payload)
      this.dispatcher.putAside()
    }
    if (this.#inRing > 0) return
    this.ringEmptied()
    this.goOn()
  }

  /** Handles what was queued when it began: an actor that reminds itself must not run ahead of the others. */
  protected visit(): void {
    const waiting = this.ownWaiting
    waiting.visitPosted = false
    if (!this.runnable) {
      this.dispatcher.putAside()
      return this.goOn()
    }
    const { dispatcher } = this
    dispatcher.beginVisit()
    for (let left = Math.min(TURN_MESSAGES, waitingIn(waiting)); left > 0; left--) {
      // Nearly always there is but one.
      const { mailbox } = waiting
      const alone = mailbox !== null && waiting.held === null && waiting.beside === null
      const queue = alone ? (mailbox.take() ? mailbox : null) : nextQueue(waiting)
      if (queue === null) break
      const { head, payload } = queue
      // Before anybody can tell it anything else: the room is for those who wait for it.
      if (waiting.offers !== null) waiting.offers.admit()
      this.take(head as Head, payload)
      if (this.state !== RUNNING || waiting.busy || waiting.suspended || (left > 1 && dispatcher.visitOver())) break
    }
    this.goOn()
  }

  protected get runnable(): boolean {
    if (this.state !== RUNNING) return false
    const waiting = this.waiting
    return waiting === null || !(waiting.busy || waiting.suspended)
  }

  /** Asks for a visit if something waits and may be handled; with nothing left, the ring is the mailbox again. */
  protected goOn(): void {
    // What is left in the ring comes first, and its last entry leads here again.
    if (this.#mode === DIRECT || this.#inRing > 0) return
    const waiting = this.ownWaiting
    if (!this.runnable) {
      if (this.interleaved === null || !this.handlesBeside(waiting)) return
      if (waiting.sift) this.releaseBeside(waiting, this.interleaved)
      this.postBeside(waiting)
      return
    }
    if (waiting.visitPosted) return
    const queued = waitingIn(waiting)
    // A queue that has shrunk to a quarter of what was last reported is a new story when it grows again.
    while (waiting.highWater > HIGH_WATER && queued < waiting.highWater / 8) waiting.highWater /= 2
    if (queued > 0) {
      waiting.visitPosted = true
      this.dispatcher.post(this, VISIT, undefined)
      return
    }
    waiting.front = null
    waiting.beside = null
    waiting.held = null
    waiting.sift = false
    // An idle actor must not keep the last thing it was told.
    waiting.mailbox?.forget()
    if (this.host.queuesOnly) return
    if (waiting.mailbox === null || waiting.mailbox instanceof UnboundedMailbox) this.#mode &= ~QUEUED
  }

  /** From here on messages wait in queues of the actor's own. */
  protected hold(): void {
    this.#mode |= QUEUED
  }

  // Handlers beside a pending one

  /** Whether messages are handled beside a pending handler now. */
  protected handlesBeside({ busy, suspended }: Waiting): boolean {
    return busy && !suspended && this.state === RUNNING
  }

  /** Whether a message just sent need not wait for the pending handler. */
  protected goesBeside(waiting: Waiting, head: Head, mailbox: Mailbox): boolean {
    if (!this.interleaved?.has(nameOf(head))) return false
    // A bounded mailbox stays bounded: no more of it beside than one turn allows. And what is still in the ring comes first.
    const room = mailbox instanceof UnboundedMailbox || (waiting.beside?.size ?? 0) < TURN_MESSAGES
    return this.mayOvertake(waiting, room && this.#inRing === 0)
  }

  /** The same for a message that the ring has brought. */
  protected comesBeside(waiting: Waiting, head: Head): boolean {
    return this.interleaved?.has(nameOf(head)) === true && this.mayOvertake(waiting, true)
  }

  /** It may overtake those that have to wait, not those that only have not been sifted as yet. */
  protected mayOvertake(waiting: Waiting, possible: boolean): boolean {
    if (possible && !waiting.sift && this.handlesBeside(waiting)) return true
    waiting.sift = true
    return false
  }

  protected postBeside(waiting: Waiting): void {
    if (waiting.besidePosted || waiting.beside === null || waiting.beside.size === 0) return
    waiting.besidePosted = true
    this.dispatcher.post(this, BESIDE, undefined)
  }

  protected visitBeside(): void {
    const waiting = this.ownWaiting
    const { beside } = waiting
    waiting.besidePosted = false
    if (beside !== null && this.handlesBeside(waiting) && beside.take())
      this.handleBeside(beside.head as Head, beside.payload)
    else this.dispatcher.putAside()
    this.goOn()
  }

  /** Takes what need not wait out of the queues; of each two such messages the older one stays first. */
  protected releaseBeside(waiting: Waiting, names: ReadonlySet<string>): void {
    waiting.sift = false
    const { mailbox } = waiting
    const beside = new Fifo()
    const rest = new Fifo()
    for (const queue of [
      waiting.front,
      waiting.beside,
      waiting.held,
      mailbox instanceof UnboundedMailbox ? mailbox : null,
    ]) {
      while (queue?.take()) {
        const place = names.has(nameOf(queue.head as Head)) ? beside : rest
        place.push(queue.head, queue.payload)
      }
    }
    waiting.front = null
    waiting.beside = beside
    waiting.held = rest
  }

  // For the life of the actor

  get suspended(): boolean {
    return this.waiting !== null && this.waiting.suspended
  }

  /** From the next message on all wait. A handler under way goes on; steps of the actor's life are taken. */
  suspend(): boolean {
    if (this.state >= STOPPING) return false
    this.hold()
    this.ownWaiting.suspended = true
    return true
  }

  resume(): boolean {
    if (this.suspended) {
      this.ownWaiting.suspended = false
      this.goOn()
    }
    return this.state < STOPPED
  }

  protected get inRing(): number {
    return this.#inRing
  }

  /** Turns everything that waits into dead letters, or gives what was told to `onUndelivered`. */
  protected discard(onUndelivered: ((letter: DeadLetter) => void) | undefined): void {
    const waiting = this.waiting
    if (waiting === null) return
    this.waiting = null
    for (let queue = nextQueue(waiting); queue !== null; queue = nextQueue(waiting)) {
      const { head, payload } = queue as { readonly head: Head; readonly payload: unknown }
      const given = onUndelivered !== undefined && typeof head === 'string' && this.give(onUndelivered, head, payload)
      if (!given) this.undelivered('stopped', head, payload)
    }
  }

  /** @returns false when whoever was to have it threw */
  protected give(onUndelivered: (letter: DeadLetter) => void, message: string, payload: unknown): boolean {
    try {
      onUndelivered({ reason: 'stopped', target: this.path, message, payload })
      return true
    } catch (thrown) {
      this.host.logger(this.path).error('onUndelivered threw', toError(thrown))
      return false
    }
  }

  protected undelivered(reason: DeadLetterReason, head: Head, payload: unknown): void {
    this.host.undelivered(reason, this.path, nameOf(head), payload, originOf(head))
  }

  protected reportHighWater(waiting: Waiting): void {
    this.host.report({ type: 'high-water', path: this.path, queued: this.queued })
    waiting.highWater *= 2
  }
}
