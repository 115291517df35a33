import type { Cbor } from '../codec/cbor.ts'
import { equalInConstantTime, hmacSha256 } from '../codec/hmac.ts'
import type { Ids } from '../runtime/ids.ts'
import type { VersionRange } from './dialect.ts'
import { challenge, encodeGreeting, type Proven } from './greeting.ts'

/** What each side of a link proves: the other's proof, sent back to it, is none. */
const HELLO = 'troupe hello'
const ANSWER = 'troupe answer'

/**
 * Lets in who knows a secret of the cluster, and proves that this node does. Each link has two new challenges, one of
 * either side; a proof is an HMAC-SHA-256 over both, over who the dialler says it is, and, in the answer, over that too.
 * So it is worth nothing on another link, for another node, or with a word of it changed.
 */
export class Guard {
  readonly #secrets: readonly Uint8Array[]
  readonly #ids: Ids
  readonly #versions: VersionRange
  readonly #cbor: Cbor

  /** @param secrets the first proves, each of them is taken; one at least */
  constructor(secrets: readonly Uint8Array[], ids: Ids, versions: VersionRange, cbor: Cbor) {
    this.#secrets = secrets
    this.#ids = ids
    this.#versions = versions
    this.#cbor = cbor
  }

  dial(): DiallerProofs {
    return new DiallerProofs(this.#secrets[0]!, this.#challenge())
  }

  /** @param theirs the frame that the dialler's challenge came in */
  accept(theirs: Uint8Array): AcceptorProofs {
    return new AcceptorProofs(this.#secrets, theirs, this.#challenge())
  }

  #challenge(): Uint8Array {
    return encodeGreeting(this.#cbor, challenge(this.#ids.next(), this.#versions))
  }
}

/** The dialler's side of the proofs of one link. It proves first: who accepts knows nothing of who may come. */
export class DiallerProofs {
  /** The frame to begin with. */
  readonly challenge: Uint8Array
  readonly #secret: Uint8Array
  #said: readonly Uint8Array[] = []

  constructor(secret: Uint8Array, challenge: Uint8Array) {
    this.#secret = secret
    this.challenge = challenge
  }

  /**
   * The hello with its proof.
   *
   * @param theirs the frame that the challenge of the other side came in
   */
  hello(theirs: Uint8Array, hello: Uint8Array): Proven {
    this.#said = [this.challenge, theirs, hello]
    return { troupe: 'proven', greeting: hello, proof: proofOf(this.#secret, HELLO, this.#said) }
  }

  /** Whether the other side has proved what it says. */
  accepts({ greeting, proof }: Proven): boolean {
    return equalInConstantTime(proof, proofOf(this.#secret, ANSWER, [...this.#said, greeting]))
  }
}

/** The other side of it. */
export class AcceptorProofs {
  /** The frame to answer the dialler's challenge with. */
  readonly challenge: Uint8Array
  readonly #secrets: readonly Uint8Array[]
  readonly #challenges: readonly Uint8Array[]
  #said: readonly Uint8Array[] = []
  /** The one that the dialler has proved to know. */
  #secret: Uint8Array | null = null

  constructor(secrets: readonly Uint8Array[], theirs: Uint8Array, challenge: Uint8Array) {
    this.#secrets = secrets
    this.challenge = challenge
    this.#challenges = [theirs, challenge]
  }

  /** Whether the dialler has proved what it says. */
  accepts({ greeting, proof }: Proven): boolean {
    const said = [...this.#challenges, greeting]
    for (const secret of this.#secrets) {
      if (equalInConstantTime(proof, proofOf(secret, HELLO, said))) this.#secret = secret
    }
    this.#said = said
    return this.#secret !== null
  }

  /** The answer with its proof, by the secret of the dialler: it may not know another. For after `accepts` only. */
  answer(answer: Uint8Array): Proven {
    const proof = proofOf(this.#secret ?? this.#secrets[0]!, ANSWER, [...this.#said, answer])
    return { troupe: 'proven', greeting: answer, proof }
  }
}

/** Each part with its length before it, so that no two lists of parts are the same bytes. */
function proofOf(secret: Uint8Array, what: string, said: readonly Uint8Array[]): Uint8Array {
  const parts = [new TextEncoder().encode(what), ...said]
  const message = new Uint8Array(parts.reduce((sum, { length }) => sum + 4 + length, 0))
  const view = new DataView(message.buffer)
  let at = 0
  for (const part of parts) {
    view.setUint32(at, part.length)
    message.set(part, at + 4)
    at += 4 + part.length
  }
  return hmacSha256(secret, message)
}
