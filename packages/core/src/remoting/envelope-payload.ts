import type { Encoded } from '../codec/encoded.ts'
import { type Envelope, Kind } from './wire.ts'

/** The payload in an envelope; null in those that have none. */
export function payloadOf(envelope: Envelope): Encoded | null {
  switch (envelope[0]) {
    case Kind.tell:
    case Kind.offer:
    case Kind.ask:
      return envelope[3]
    case Kind.reply:
      return envelope[2]
    default:
      return null
  }
}

/** The same envelope with another payload; those that have none stay as they are. */
export function withPayload(envelope: Envelope, payload: Encoded): Envelope {
  switch (envelope[0]) {
    case Kind.tell:
    case Kind.offer:
      return [envelope[0], envelope[1], envelope[2], payload]
    case Kind.ask:
      return [Kind.ask, envelope[1], envelope[2], payload, envelope[4], envelope[5]]
    case Kind.reply:
      return [Kind.reply, envelope[1], payload]
    default:
      return envelope
  }
}
