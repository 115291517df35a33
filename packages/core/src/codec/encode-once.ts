import type { Cbor, NoteRef, RefParts } from './cbor.ts'
import type { Encoded } from './encoded.ts'

/** A payload that goes to many: encoded for the first who needs it, and for all others what came of that. */
class SharedPayload {
  readonly payload: unknown
  #encoded: Encoded | null = null
  readonly #refs: RefParts[] = []

  constructor(payload: unknown) {
    this.payload = payload
  }

  encoded(cbor: Cbor, message: string, note: NoteRef | null): Encoded {
    this.#encoded ??= cbor.encodePartNoting(this.payload, message, (parts) => this.#refs.push(parts))
    // Each of them is given the refs in it.
    if (note !== null) for (const parts of this.#refs) note(parts)
    return this.#encoded
  }
}

let shared: SharedPayload | null = null

/** Runs `send`. Whatever it sends with `payload` in it is encoded once. Nobody must change `payload` meanwhile. */
export function encodingOnce(payload: unknown, send: () => void): void {
  const outer = shared
  shared = new SharedPayload(payload)
  try {
    send()
  } finally {
    shared = outer
  }
}

/** Whether a payload goes to others besides whoever it is sent to now. */
export function isShared(payload: unknown): boolean {
  return shared !== null && shared.payload === payload
}

/** What has been, or is herewith, encoded once. @returns null for a payload that is nobody's but its message's */
export function encodedOnce(cbor: Cbor, payload: unknown, message: string, note: NoteRef | null): Encoded | null {
  return shared !== null && shared.payload === payload ? shared.encoded(cbor, message, note) : null
}
