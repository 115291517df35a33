import type { RefParts } from '../codec/cbor.ts'

/** Refs kept for one client; the one that was given longest ago makes room. */
const MOST = 65_536

/** The refs that a client was given: besides its own, the only ones it may use here. */
export class GivenRefs {
  readonly #refs = new Map<string, RefParts>()

  /** It is being given this one. */
  readonly note = (parts: RefParts): void => {
    const key = keyOf(parts)
    // Maps keep the order of insertion: given again, it is the youngest.
    this.#refs.delete(key)
    this.#refs.set(key, parts)
    if (this.#refs.size > MOST) for (const oldest of this.#refs.keys()) return void this.#refs.delete(oldest)
  }

  /** What was given with the same identity; whatever else a client says of a ref is its own invention. */
  get(parts: Pick<RefParts, 'nodeUid' | 'uid'>): RefParts | null {
    return this.#refs.get(keyOf(parts)) ?? null
  }
}

function keyOf({ nodeUid, uid }: Pick<RefParts, 'nodeUid' | 'uid'>): string {
  return `${uid} ${nodeUid}`
}
