import { DialError, MalformedFrameError, toError } from '../errors.ts'
import type { Deadline, TimerQueue } from '../runtime/timer-queue.ts'
import type { CloseCode, Link } from '../transport/transport.ts'
import { decodeGreeting, encodeGreeting, type Hello, type Refusal, type Welcome } from './greeting.ts'

/** Who gets the frames of an open connection. */
export interface FrameSink {
  /** @throws {MalformedFrameError} to have the link closed */
  receive(frame: Uint8Array): void
  drained(): void
  closed(connection: Connection, why: string): void
}

/** What to answer a hello with, and who gets the frames if that is a welcome. */
export type Reception = { readonly welcome: Welcome; readonly accept: () => FrameSink } | Refusal

/** The introduction under way: what the next frame means, and what the end of the link before it does. */
interface Greeting {
  frame(bytes: Uint8Array): void
  ended(error: Error): void
}

/** One link from its first frame to its end: the introduction, then batches for whoever it was opened for. */
export class Connection {
  readonly #link: Link
  readonly #timers: TimerQueue
  readonly #onBroken: (peer: string, error: Error) => void
  #greeting: Greeting | null = null
  #deadline: Deadline | null = null
  #sink: FrameSink | null = null
  #closed = false

  /** @param onBroken hears of links that were closed because the other side broke the protocol */
  constructor(link: Link, timers: TimerQueue, onBroken: (peer: string, error: Error) => void) {
    this.#link = link
    this.#timers = timers
    this.#onBroken = onBroken
  }

  get peer(): string {
    return this.#link.peer
  }

  /**
   * Introduces this node to the other side.
   *
   * @param onAnswer says who gets the frames from now on, or why the link ends here; called inside the
   *   frame's delivery, so that none is missed
   * @param onFailure gets that reason, or what went wrong before there was an answer; the link is closed
   */
  introduce(
    hello: Hello,
    timeoutMs: number,
    onAnswer: (answer: Welcome | Refusal) => FrameSink | Error,
    onFailure: (error: Error) => void,
  ): void {
    this.#greet(timeoutMs, {
      ended: onFailure,
      frame: (bytes) => {
        const answer = decodeGreeting(bytes)
        if (answer.troupe === 'hello') throw new MalformedFrameError('a hello where an answer was due')
        const next = onAnswer(answer)
        if (next instanceof Error) {
          this.close('normal', next.message)
          onFailure(next)
          return
        }
        this.#endGreeting()
        this.#sink = next
      },
    })
    this.#link.send(encodeGreeting(hello))
  }

  /** Waits for the other side to introduce itself and answers. */
  receive(timeoutMs: number, reception: (hello: Hello) => Reception): void {
    this.#greet(timeoutMs, {
      ended: () => {},
      frame: (bytes) => {
        const hello = decodeGreeting(bytes)
        if (hello.troupe !== 'hello') throw new MalformedFrameError('an answer where a hello was due')
        const answer = reception(hello)
        if ('troupe' in answer) {
          this.#link.send(encodeGreeting(answer))
          this.close('normal', answer.code)
          return
        }
        this.#endGreeting()
        this.#link.send(encodeGreeting(answer.welcome))
        this.#sink = answer.accept()
      },
    })
  }

  /** @returns false when it should wait for `drained` before sending more */
  send(frame: Uint8Array): boolean {
    return this.#link.send(frame)
  }

  /** Ends the link from this side: its sink hears nothing more, whatever still arrives. */
  close(code: CloseCode, reason: string): void {
    this.#closed = true
    this.#endGreeting()
    this.#link.close(code, reason)
  }

  #greet(timeoutMs: number, greeting: Greeting): void {
    this.#greeting = greeting
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

  #endGreeting(): Greeting | null {
    const greeting = this.#greeting
    this.#greeting = null
    this.#deadline?.cancel()
    this.#deadline = null
    return greeting
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
    this.#endGreeting()?.ended(error)
    this.#sink?.closed(this, error.message)
  }
}
