import { hash32 } from '../runtime/random.ts'

/** So many that each has a few members where there are a thousand, and that all digests fit into one text of a message. */
const BUCKETS = 128
const DIGITS = 8

/** Digests of parts of what a node knows: two nodes that differ find out in which parts, and tell each other those alone. */
export class Buckets {
  readonly #digests = new Uint32Array(BUCKETS)

  /** Adds what is known of `uid`, or takes the same away again. */
  toggle(uid: string, hash: number): void {
    this.#digests[bucketOf(uid)]! ^= hash
  }

  /** All digests as one text. */
  get text(): string {
    return Array.from(this.#digests, (digest) => digest.toString(16).padStart(DIGITS, '0')).join('')
  }

  /** @returns whether `uid` is in a part that differs from that of `other`, a {@link text}; of any other text all do */
  differing(other: string): (uid: string) => boolean {
    if (other.length !== BUCKETS * DIGITS) return () => true
    const { text } = this
    return (uid) => {
      const at = bucketOf(uid) * DIGITS
      return !other.startsWith(text.slice(at, at + DIGITS), at)
    }
  }
}

function bucketOf(uid: string): number {
  return hash32(uid) % BUCKETS
}
