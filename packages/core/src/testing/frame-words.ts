import { fastCbor } from '../codec/fast-cbor.ts'
import { decodeBatch } from '../remoting/decode-batch.ts'
import { decodeGreeting } from '../remoting/greeting.ts'
import { ReceivedNames } from '../remoting/link-names.ts'
import { type Envelope, Kind } from '../remoting/wire.ts'

/**
 * What the frames of one side of a link carry, in words for diagrams: `put, ask get #7, reply #6`. Asks and their answers
 * have the same number.
 */
export class FrameWords {
  readonly #names = new ReceivedNames()

  /** @param frame the next one of this side @returns an empty text for what is no frame of ours, a corrupted one say */
  next(frame: Uint8Array): string {
    try {
      return decodeBatch(frame, this.#names).map(envelopeWords).join(', ')
    } catch {
      return greetingWords(frame)
    }
  }
}

const cbor = fastCbor()

function greetingWords(frame: Uint8Array): string {
  try {
    return decodeGreeting(cbor, frame).troupe
  } catch {
    return ''
  }
}

function envelopeWords(envelope: Envelope): string {
  switch (envelope[0]) {
    case Kind.tell:
    case Kind.offer:
      return envelope[2]
    case Kind.ask:
      return `ask ${envelope[2]} #${envelope[4]}`
    case Kind.reply:
      return `reply #${envelope[1]}`
    case Kind.failure:
      return `failure #${envelope[1]} ${envelope[2]}`
    case Kind.terminated:
      return `terminated ${envelope[2]}`
    default:
      return NAMES.get(envelope[0]) ?? ''
  }
}

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(Kind).map(([name, kind]) => [kind, name]))
