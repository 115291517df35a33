import { encode, encodeNoting, type NoteRef, type ResolveRef } from '../codec/cbor.ts'
import { FrameTooLargeError, MalformedFrameError } from '../errors.ts'
import { seal, unseal } from './seal.ts'

/** The versions of the wire protocol that this node speaks, both ends included. */
export const PROTOCOL_VERSIONS = { min: 1, max: 1 } as const

/** One message may be this large when encoded, in bytes. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

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
} as const

/** Who a message is for: the uid of an actor of the receiving node, or a path where only that is known. */
export type To = number | string

/** What travels, as an array in fixed order. Payloads are encoded apart, so that routing never reads them. */
export type Envelope =
  | readonly [kind: typeof Kind.tell, to: To, name: string, payload: Uint8Array]
  | readonly [kind: typeof Kind.ask, to: To, name: string, payload: Uint8Array, correlation: number, ttlMs: number]
  | readonly [kind: typeof Kind.reply, correlation: number, payload: Uint8Array]
  | readonly [
      kind: typeof Kind.failure,
      correlation: number,
      reason: string,
      message: string,
      causeName: string,
      causeCode: string | null,
    ]
  | readonly [kind: typeof Kind.watch, to: To, watch: number]
  | readonly [kind: typeof Kind.unwatch, watch: number]
  | readonly [kind: typeof Kind.terminated, watch: number, reason: string]
  | readonly [kind: typeof Kind.ping]
  | readonly [kind: typeof Kind.pong]
  | readonly [kind: typeof Kind.bye]

/** Bytes of an envelope around its payload, about: for cutting batches. */
export const ENVELOPE_BYTES = 48

/** @param note hears of each ref in it @throws {NotSerializableError | FrameTooLargeError} */
export function encodePayload(payload: unknown, name: string, note: NoteRef | null = null): Uint8Array {
  const bytes = note === null ? encode(payload, name) : encodeNoting(payload, name, note)
  // A character is 3 bytes at most.
  const sizeBytes = bytes.length + 3 * name.length
  if (sizeBytes > MAX_MESSAGE_BYTES) throw new FrameTooLargeError(sizeBytes, MAX_MESSAGE_BYTES)
  return bytes
}

/** One frame with many envelopes. The leading number is kept for acknowledging system messages. */
export function encodeBatch(envelopes: readonly Envelope[]): Uint8Array {
  return seal([0, envelopes], 'batch')
}

/** @throws {MalformedFrameError} for anything that {@link encodeBatch} would not have made */
export function decodeBatch(frame: Uint8Array): readonly Envelope[] {
  const batch = unseal(frame, refuseRef)
  if (!Array.isArray(batch) || batch.length !== 2 || !Array.isArray(batch[1])) throw new MalformedFrameError('no batch')
  for (const envelope of batch[1]) checkEnvelope(envelope)
  return batch[1]
}

type Check = (value: unknown) => boolean

const number: Check = (value) => typeof value === 'number' && !Number.isNaN(value)
const text: Check = (value) => typeof value === 'string'
const bytes: Check = (value) => value instanceof Uint8Array
const to: Check = (value) => typeof value === 'number' || typeof value === 'string'
const textOrNull: Check = (value) => value === null || typeof value === 'string'

/** What follows the kind, per kind. */
const FIELDS: readonly (readonly Check[])[] = [
  [to, text, bytes],
  [to, text, bytes, number, number],
  [number, bytes],
  [number, text, text, text, textOrNull],
  [to, number],
  [number],
  [number, text],
  [],
  [],
  [],
]

/** More fields than expected are fine: a later version may have added them. */
function checkEnvelope(envelope: unknown): void {
  if (!Array.isArray(envelope)) throw new MalformedFrameError('no envelope')
  // A number, or `FIELDS.map` would be a kind.
  const fields = typeof envelope[0] === 'number' ? FIELDS[envelope[0]] : undefined
  if (fields === undefined) throw new MalformedFrameError('an unknown kind of envelope')
  for (const [i, check] of fields.entries()) {
    if (!check(envelope[i + 1])) throw new MalformedFrameError(`field ${i + 1} of an envelope of kind ${envelope[0]}`)
  }
}

const refuseRef: ResolveRef = () => {
  throw new MalformedFrameError('a ref outside a payload')
}
