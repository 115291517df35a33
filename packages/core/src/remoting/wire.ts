import type { Cbor, NoteRef } from '../codec/cbor.ts'
import { encodedOnce } from '../codec/encode-once.ts'
import type { Encoded } from '../codec/encoded.ts'
import { FrameTooLargeError } from '../errors.ts'

/** The versions of the wire protocol that this node speaks, both ends included. */
export const PROTOCOL_VERSIONS = { min: 1, max: 1 } as const

/** One message may be this large when encoded, in bytes. */
export const MAX_MESSAGE_BYTES: number = 16 * 1024 * 1024

/** What an envelope is, its first element. Numbers are never used again for something else. */
export const Kind = {
  tell: 0,
  ask: 1,
  reply: 2,
  failure: 3,
  watch: 4,
  unwatch: 5,
  terminated: 6,
  ping: 7,
  pong: 8,
  bye: 9,
  /** A tell that waits for room in the mailbox there. */
  offer: 10,
  /** A piece of a large payload. */
  chunk: 11,
  /** Of the envelope behind it, only the end of the payload is in this frame: the pieces come before that. */
  join: 12,
  /** So much of what was sent has been handled. */
  credit: 13,
} as const

/** Who a message is for: the uid of an actor of the receiving node, or a path where only that is known. */
export type To = number | string

/**
 * What travels, as an array in fixed order. Payloads are encoded apart, so that routing never reads them. On the wire, a
 * name or a path that has been sent over the same connection before is a number: see `SentNames`.
 */
export type Envelope =
  | readonly [kind: typeof Kind.tell, to: To, name: string, payload: Encoded]
  | readonly [kind: typeof Kind.ask, to: To, name: string, payload: Encoded, correlation: number, ttlMs: number]
  | readonly [kind: typeof Kind.reply, correlation: number, payload: Encoded]
  | readonly [
      kind: typeof Kind.failure,
      correlation: number,
      reason: string,
      message: string,
      causeName: string,
      causeCode: string | null,
    ]
  | SystemEnvelope
  | readonly [kind: typeof Kind.ping]
  | readonly [kind: typeof Kind.pong]
  | readonly [kind: typeof Kind.bye]
  | readonly [kind: typeof Kind.offer, to: To, name: string, payload: Encoded]
  | readonly [kind: typeof Kind.chunk, stream: number, totalBytes: number, offset: number, piece: Encoded]
  | readonly [kind: typeof Kind.join, stream: number]
  /**
   * Of what was sent to the actor `to`. Negative numbers name what came over earlier connections and is not handled;
   * {@link EVERYBODY} comes behind those.
   */
  | readonly [kind: typeof Kind.credit, to: number, messages: number, payloadBytes: number]

/** In a credit: whatever else was sent over earlier connections is handled, or lost. */
export const EVERYBODY: number = -1

/** What must arrive, exactly once: it has a number, from 1 on, and is sent until that is acknowledged. */
export type SystemEnvelope =
  /** `by` is the uid of who is to be told, 0 where that is no actor. */
  | readonly [kind: typeof Kind.watch, to: To, watch: number, by: number, number?: number]
  | readonly [kind: typeof Kind.unwatch, watch: number, number?: number]
  | readonly [kind: typeof Kind.terminated, watch: number, reason: string, number?: number]

/** Bytes of an envelope around its payload, about: for cutting batches. */
export const ENVELOPE_BYTES = 12

/**
 * @param note hears of each ref in it
 * @param maxBytes what the receiver takes
 * @throws {NotSerializableError | FrameTooLargeError}
 */
export function encodePayload(
  cbor: Cbor,
  payload: unknown,
  name: string,
  note: NoteRef | null = null,
  maxBytes: number = MAX_MESSAGE_BYTES,
): Encoded {
  const encoded =
    encodedOnce(cbor, payload, name, note) ??
    (note === null ? cbor.encodePart(payload, name) : cbor.encodePartNoting(payload, name, note))
  // A character is 3 bytes at most.
  const sizeBytes = encoded.end - encoded.start + 3 * name.length
  if (sizeBytes > maxBytes) throw new FrameTooLargeError(sizeBytes, maxBytes)
  return encoded
}
