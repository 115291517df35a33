import { decodeBatch } from '../remoting/decode-batch.ts'
import { decodeGreeting } from '../remoting/greeting.ts'
import { type Envelope, Kind } from '../remoting/wire.ts'

/**
 * What a frame of a transport carries, in words for diagrams: `put, ask get #7, reply #6`. Asks and their answers have
 * the same number. Empty for what is no frame of ours, a corrupted one say.
 */
export function frameWords(frame: Uint8Array): string {
  try {
    return decodeBatch(frame).map(envelopeWords).join(', ')
  } catch {
    return greetingWords(frame)
  }
}

function greetingWords(frame: Uint8Array): string {
  try {
    return decodeGreeting(frame).troupe
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
