import type { Cbor } from '../codec/cbor.ts'
import { DialError, toError } from '../errors.ts'
import type { Deadline, TimerQueue } from '../runtime/timer-queue.ts'
import type { CloseCode, Link } from '../transport/transport.ts'
import { commonFeatures, type Dialect } from './dialect.ts'
import {
  decodeGreeting,
  encodeGreeting,
  type Hello,
  MAX_GREETING_BYTES,
  misplaced,
  type Refusal,
  refusal,
  type Welcome,
} from './greeting.ts'
import type { Guard } from './guard.ts'

/** What a link may receive before it is open: two greetings, and what a transport adds. */
const STRANGER_BYTES = 3 * MAX_GREETING_BYTES
const OTHER_SECRET = 'the two nodes do not have the same secret'
const ONE_SECRET = 'only one of the two nodes has a secret'

/** Who gets the frames of an open connection. */
export interface FrameSink {
  /** @throws {MalformedFrameError} to have the link closed */
  receive(frame: Uint8Array): void
  drained(): void
  closed(connection: Connection, why: string): void
}

/** The introduction under way: what the next frame means, and what the end of the link before it does. */
export interface GreetingUnderWay {
  readonly frame: (bytes: Uint8Array) => void
  readonly ended: (error: Error) => void
  /** Told once, however it ends, before anything else is. */
  readonly over: () => void
}

/** One link from its first frame to its end: the introduction, then batches for whoever it was opened for. */
export class Connection {
  readonly #link: Link
  readonly #timers: TimerQueue
  readonly #dialect: Dialect
  readonly #cbor: Cbor
  readonly #onBroken: (peer: string, error: Error) => void
  #greeting: GreetingUnderWay | null = null
  #deadline: Deadline | null = null
  #sink: FrameSink | null = null
  #closed = false
  #features = 0

  /** @param onBroken hears of links that were closed because the other side broke the protocol */
  constructor(
    link: Link,
    timers: TimerQueue,
    dialect: Dialect,
    cbor: Cbor,
    onBroken: (peer: string, error: Error) => void,
  ) {
    this.#link = link
    this.#timers = timers
    this.#dialect = dialect
    this.#cbor = cbor
    this.#onBroken = onBroken
  }

  get peer(): string {
    return this.#link.peer
  }

  /** What both sides can do beyond their version, once the link is open. */
  get features(): number {
    return this.#features
  }

  /** Bytes given to `send` that have not left this process. */
  get bufferedBytes(): number {
    return this.#link.bufferedBytes
  }

  /**
   * Introduces this node to the other side.
   *
   * @param guard has the other side prove who it is before its answer counts; null to believe anybody
   * @param onAnswer says who gets the frames from now on, or why the link ends here; called inside the
   *   frame's delivery, so that none is missed. A refusal nobody has proved has no words of its own and no uid
   * @param onFailure gets that reason, or what went wrong before there was an answer; the link is closed
   */
  introduce(
    hello: Hello,
    guard: Guard | null,
    timeoutMs: number,
    onAnswer: (answer: Welcome | Refusal) => FrameSink | Error,
    onFailure: (error: Error) => void,
  ): void {
    const answered = (answer: Welcome | Refusal): void => {
      const next = onAnswer(answer)
      if (next instanceof Error) {
        this.close('normal', next.message)
        onFailure(next)
      } else if (answer.troupe === 'welcome') {
        this.open(answer, next)
      }
    }
    const decoded = (bytes: Uint8Array): void => {
      const answer = decodeGreeting(this.#cbor, bytes)
      if (answer.troupe !== 'welcome' && answer.troupe !== 'refusal') throw misplaced(answer, 'an answer')
      answered(answer)
    }
    if (guard === null) {
      this.greet(timeoutMs, { frame: decoded, ended: onFailure, over: () => {} })
      this.#link.send(encodeGreeting(this.#cbor, hello))
      return
    }
    const proofs = guard.dial()
    const proven = (bytes: Uint8Array): void => {
      const answer = decodeGreeting(this.#cbor, bytes)
      if (answer.troupe === 'refusal') return answered(unproven(answer, OTHER_SECRET))
      if (answer.troupe !== 'proven') throw misplaced(answer, 'a proof')
      if (proofs.accepts(answer)) decoded(answer.greeting)
      else answered(refusal('', 'secret', OTHER_SECRET, this.#dialect.versions))
    }
    const challenged = (bytes: Uint8Array): void => {
      const answer = decodeGreeting(this.#cbor, bytes)
      if (answer.troupe === 'refusal') return answered(unproven(answer, ONE_SECRET))
      if (answer.troupe !== 'challenge') throw misplaced(answer, 'a challenge')
      this.expect(proven)
      this.#link.send(encodeGreeting(this.#cbor, proofs.hello(bytes, encodeGreeting(this.#cbor, hello))))
    }
    this.greet(timeoutMs, { frame: challenged, ended: onFailure, over: () => {} })
    this.#link.send(proofs.challenge)
  }

  /** Whether all frames have left, and their memory may be used again. */
  get hasReleased(): boolean {
    return this.#link.releasesFrames === true && this.#link.bufferedBytes === 0
  }

  /** @returns false when it should wait for `drained` before sending more */
  send(frame: Uint8Array): boolean {
    return this.#link.send(frame)
  }

  /** Ends the link from this side: its sink hears nothing more, whatever still arrives. */
  close(code: CloseCode, reason: string): void {
    this.#closed = true
    this.endGreeting()
    this.#link.close(code, reason)
  }

  /** Begins the introduction. */
  greet(timeoutMs: number, greeting: GreetingUnderWay): void {
    this.#greeting = greeting
    this.#link.limit?.(STRANGER_BYTES)
    this.#deadline = this.#timers.after(timeoutMs, () =>
      this.#break(new DialError(this.peer, `no introduction within ${timeoutMs} ms`)),
    )
    this.#link.open({
      frame: (bytes) => this.#frame(bytes),
      drain: () => {
        if (!this.#closed) this.#sink?.drained()
      },
      close: (_code, reason) =>
        this.#ended(new DialError(this.peer, `the connection ended: ${reason || 'no reason given'}`)),
    })
  }

  /** The introduction goes on with another frame, in what is left of its time. */
  expect(frame: (bytes: Uint8Array) => void): void {
    if (this.#greeting !== null) this.#greeting = { ...this.#greeting, frame }
  }

  /** The introduction is over. @returns what it was; null when it was over before */
  endGreeting(): GreetingUnderWay | null {
    const greeting = this.#greeting
    this.#greeting = null
    this.#deadline?.cancel()
    this.#deadline = null
    greeting?.over()
    return greeting
  }

  /** Ends the introduction: frames go to `sink` from now on. */
  open(welcome: Welcome, sink: FrameSink): void {
    this.endGreeting()
    this.#features = commonFeatures(welcome, this.#dialect.features)
    this.#link.limit?.(null)
    this.#sink = sink
  }

  #frame(bytes: Uint8Array): void {
    if (this.#closed) return
    try {
      if (this.#sink !== null) this.#sink.receive(bytes)
      else this.#greeting?.frame(bytes)
    } catch (thrown) {
      this.#break(toError(thrown))
    }
  }

  /** Ends the link because of what the other side did, and tells everybody concerned. */
  #break(error: Error): void {
    if (this.#closed) return
    this.#onBroken(this.peer, error)
    this.#link.close('protocol', error.message)
    this.#ended(error)
  }

  #ended(error: Error): void {
    if (this.#closed) return
    this.#closed = true
    this.endGreeting()?.ended(error)
    this.#sink?.closed(this, error.message)
  }
}

/** A refusal by somebody who has proved nothing: it may keep this node away, and neither names nor words anything. */
function unproven(answer: Refusal, why: string): Refusal {
  const { code } = answer
  if (code === 'protocol' || code === 'busy')
    return refusal('', code, 'it has proved nothing, and says no more', answer)
  return refusal('', 'secret', why, answer)
}
