import { MalformedFrameError } from '../errors.ts'
import { Ring } from '../mailbox/ring.ts'
import { type Envelope, Kind, type SystemEnvelope } from './wire.ts'

/** System messages that a peer may be behind by: more are proof that it has stopped to take part. */
export const MAX_BACKLOG = 20_000
/** With more than that on its link, a peer that acknowledges nothing for so many heartbeats counts as behind too. */
const MOST_STILL_BEATS = 4
/** So many that have come are acknowledged at the end of the turn: who sent them need not keep them any longer. */
const MOST_UNSAID = 64
/** Envelopes of one batch that is sent again. */
const BATCH = 1_000

/**
 * System messages between this node and one run of a peer, in both directions. Each has a number, is kept until the
 * peer has said that it has come, and is sent again over the next link if that does not happen on this one. What comes
 * twice is known by its number. So each arrives exactly once, in order, as long as the two know each other.
 */
export class SystemLog {
  #lastNumber = 0
  #acknowledged = 0
  /** On the present link, without a word of their arrival; the oldest first. */
  readonly #onLink = new Ring<SystemEnvelope>()
  /** Were on a link that is lost, and on none since. */
  #again = new Ring<SystemEnvelope>()
  /** Of those that are on the link now: how many beats ago the last one was acknowledged. */
  #stillBeats = 0
  #received = 0
  /** The number that the peer was told last. */
  #said = 0
  #isDue = false

  /** Gives a message its number. */
  #numbered(envelope: SystemEnvelope): SystemEnvelope {
    const number = ++this.#lastNumber
    switch (envelope[0]) {
      case Kind.watch:
        return [Kind.watch, envelope[1], envelope[2], envelope[3], number]
      case Kind.unwatch:
        return [Kind.unwatch, envelope[1], number]
      default:
        return [Kind.terminated, envelope[1], envelope[2], number]
    }
  }

  /** A batch is about to be on the link: what must arrive of it is numbered, and kept. */
  send(batch: Envelope[]): void {
    for (let i = 0; i < batch.length; i++) {
      const envelope = batch[i]!
      if (!isSystem(envelope)) continue
      const numbered = numberOf(envelope) === undefined ? this.#numbered(envelope) : envelope
      batch[i] = numbered
      this.#onLink.push(numbered)
    }
  }

  /** The link is lost: what was on it goes first on the next one. */
  linkLost(): void {
    const again = new Ring<SystemEnvelope>()
    for (const ring of [this.#onLink, this.#again]) {
      for (let envelope = ring.shift(); envelope !== undefined; envelope = ring.shift()) again.push(envelope)
    }
    this.#again = again
    this.#stillBeats = 0
  }

  /** How many are to be sent again. */
  get again(): number {
    return this.#again.size
  }

  /** The next of those, for the link. */
  takeAgain(): SystemEnvelope[] {
    const batch: SystemEnvelope[] = []
    while (batch.length < BATCH && this.#again.size > 0) batch.push(this.#again.shift()!)
    return batch
  }

  /**
   * The peer has got all up to that number.
   *
   * @throws {MalformedFrameError} when there is none of that number
   */
  acknowledged(number: number): void {
    // Said before something else that was said: frames that are made ahead of time say none.
    if (number <= this.#acknowledged) return
    if (number > this.#lastNumber) throw new MalformedFrameError(`system message ${number} was never sent`)
    this.#acknowledged = number
    this.#stillBeats = 0
    for (const ring of [this.#onLink, this.#again]) while (isUpTo(number, ring.peek())) ring.shift()
  }

  /** Another heartbeat has gone by. @returns whether the peer has not acknowledged far too many for far too long */
  beat(): boolean {
    this.#stillBeats++
    return this.#onLink.size > MAX_BACKLOG && this.#stillBeats > MOST_STILL_BEATS
  }

  /** How many are kept. */
  get kept(): number {
    return this.#onLink.size + this.#again.size
  }

  /**
   * A system message has come.
   *
   * @returns whether it is new
   * @throws {MalformedFrameError} when one before it is missing, or it has no number
   */
  received(number: number | undefined): boolean {
    if (number === undefined) throw new MalformedFrameError('a system message without a number')
    this.#isDue = true
    if (number <= this.#received) return false
    if (number !== this.#received + 1) {
      throw new MalformedFrameError(`system message ${number} where ${this.#received + 1} was due`)
    }
    this.#received = number
    return true
  }

  /** Whether the peer is to be told that messages have come. */
  get isDue(): boolean {
    return this.#isDue
  }

  /** Whether that should not wait. */
  get isUrgent(): boolean {
    return this.#isDue && this.#received - this.#said >= MOST_UNSAID
  }

  /** What to tell the peer: the number of the last one that has come. */
  say(): number {
    this.#isDue = false
    this.#said = this.#received
    return this.#received
  }
}

/** A batch for a peer that knows of no numbers. */
export function unnumbered(batch: readonly Envelope[]): readonly Envelope[] {
  return batch.map((envelope) => {
    switch (envelope[0]) {
      case Kind.watch:
        return [Kind.watch, envelope[1], envelope[2], envelope[3]]
      case Kind.unwatch:
        return [Kind.unwatch, envelope[1]]
      case Kind.terminated:
        return [Kind.terminated, envelope[1], envelope[2]]
      default:
        return envelope
    }
  })
}

function isSystem(envelope: Envelope): envelope is SystemEnvelope {
  return envelope[0] === Kind.watch || envelope[0] === Kind.unwatch || envelope[0] === Kind.terminated
}

function numberOf(envelope: SystemEnvelope): number | undefined {
  switch (envelope[0]) {
    case Kind.watch:
      return envelope[4]
    case Kind.unwatch:
      return envelope[2]
    default:
      return envelope[3]
  }
}

function isUpTo(number: number, envelope: SystemEnvelope | undefined): boolean {
  return envelope !== undefined && (numberOf(envelope) ?? 0) <= number
}
