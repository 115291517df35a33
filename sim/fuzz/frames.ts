import type { Random } from '@troupe/core'
import { cbor, Tagged } from '../../packages/transport-memory/src/testing/cbor.ts'
import { sealed, sealedBytes } from '../../packages/transport-memory/src/testing/sealed.ts'

/**
 * Frames that no honest node sends: in their form, in what they hold, in their bytes, or in all of it. Three of four are in
 * form, so that some links live for more than one.
 */
export class Frames {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  next(): Uint8Array {
    const { below } = this
    if (below(4) > 0) {
      const acknowledged = below(16) === 0 ? below(4) : 0
      return sealed([acknowledged, Array.from({ length: 1 + below(4) }, () => this.#inForm()).flat()])
    }
    switch (below(8)) {
      case 0:
        return this.#bytes(below(64))
      case 1:
        return sealedBytes(this.#bytes(below(64)))
      case 2:
        return this.#damaged(sealed(this.#content()))
      case 3:
        return sealedBytes(this.#damaged(cbor(this.#content())))
      default:
        return sealed(this.#content())
    }
  }

  /** An integer from 0 to one below `bound`. */
  readonly below = (bound: number): number => this.#random.below(bound)

  #pick<T>(...choices: readonly T[]): T {
    return choices[this.below(choices.length)]!
  }

  #content(): unknown {
    switch (this.below(8)) {
      case 0:
        return this.#odd(0)
      case 1:
      case 2:
        return this.#greeting()
      default:
        return [this.below(9) === 0 ? this.#odd(0) : 0, this.#envelopes()]
    }
  }

  #envelopes(): unknown {
    if (this.below(20) === 0) return this.#odd(0)
    const envelope = (): unknown[] => (this.below(3) === 0 ? this.#flow() : this.#envelope())
    return Array.from({ length: this.below(5) }, () => this.#spoilt(envelope()))
  }

  /** An envelope, or a message in pieces, in form. */
  #inForm(): unknown[][] {
    return this.below(8) > 0 ? [this.#envelope()] : this.#pieces(this.below(4))
  }

  /** A large message from its first piece to its last, or credit: on a link where nothing else is under way, as it should be. */
  #pieces(stream: number): unknown[][] {
    const { below } = this
    const whole = cbor(this.#plain())
    const [, to, name, , ...rest] = this.#envelope()
    if (whole.length < 2) return [[13, -1, 0, 0]]
    const at = 1 + below(whole.length - 1)
    const message =
      typeof name === 'string' ? [10, to, name, whole.slice(at), ...rest] : [2, below(50), whole.slice(at)]
    return [[11, stream, whole.length, 0, whole.slice(0, at)], [12, stream], message]
  }

  /** Pieces and credit as nobody sends them. */
  #flow(): unknown[] {
    const { below } = this
    const number = (): unknown =>
      below(4) === 0 ? this.#odd(0) : this.#pick(0, 1, 3, 4, -1, 7, 2 ** 24, 2 ** 24 + 1, 0.5, 2 ** 53)
    return this.#pick<() => unknown[]>(
      () => [11, number(), number(), number(), this.#bytes(below(9))],
      () => [11, below(4), 2 ** 24, below(3) * 8, this.#bytes(8)],
      () => [12, number()],
      () => [13, number(), number(), number()],
      () => [13, -1, 0, 0],
      () => [10, number(), 'echo', cbor(1)],
      () => [4, below(20), below(50), number()],
    )()
  }

  /** In form, and to whoever may be there. */
  #envelope(): unknown[] {
    const { below } = this
    const to = this.#pick<unknown>(below(20), below(20), '/system/receptionist', '/user/echo', '', [below(12)])
    const name = this.#pick<unknown>(
      ...['echo', 'hear', 'update', 'replace', 'peerChanged', 'constructor', '__proto__', 'unhandled'],
      ...[below(12), below(300), `name ${below(1_000)}`, 'x'.repeat(60 + below(9)), 'ü'.repeat(30 + below(4))],
    )
    const payload = below(16) === 0 ? this.#bytes(below(16)) : cbor(below(6) === 0 ? this.#odd(0) : this.#plain())
    const id = below(50)
    return this.#pick<() => unknown[]>(
      () => [0, to, name, payload],
      () => [10, to, name, payload],
      () => [1, to, name, payload, id, below(1_000)],
      () => [2, id, payload],
      () => [3, id, this.#pick('handler', 'undelivered:unhandled', 'x'), 'message', String(name), null],
      () => [4, to, id, below(20), ...this.#number()],
      () => [5, id, ...this.#number()],
      () => [6, id, this.#pick('stopped', 'failed', 'x'), ...this.#number()],
      () => [7],
      () => [8],
      () => [below(40) === 0 ? 9 : 7],
    )()
  }

  /** That of a system message, or none: low ones are in order now and then. */
  #number(): number[] {
    return this.below(3) === 0 ? [] : [1 + this.below(3)]
  }

  #greeting(): unknown {
    const identity = {
      name: 'x',
      uid: `x${this.below(5)}`,
      address: this.#pick('', 'memory://x'),
      epoch: this.below(3),
    }
    const greeting = this.#pick<Record<string, unknown>>(
      { troupe: 'hello', min: 1, max: 1, features: this.below(8), cluster: 'default', ...identity },
      { troupe: 'welcome', version: 1, ...identity },
      { troupe: 'challenge', min: 1, max: 1, nonce: 'x'.repeat(this.below(40)) },
      { troupe: 'proven', greeting: this.#bytes(this.below(64)), proof: this.#bytes(32) },
      { troupe: 'refusal', code: 'cluster', message: 'x', uid: 'x', min: 1, max: 1 },
    )
    const fields = Object.keys(greeting)
    for (let n = this.below(3); n > 0; n--) greeting[this.#pick(...fields)] = this.#odd(0)
    return greeting
  }

  /** With one field, perhaps, that is something else, or missing. */
  #spoilt(envelope: unknown[]): unknown[] {
    if (this.below(3) > 0) return envelope
    if (this.below(4) === 0) return envelope.slice(0, this.below(envelope.length + 1))
    envelope[this.below(envelope.length)] = this.#odd(0)
    return envelope
  }

  #plain(): unknown {
    return this.#pick<unknown>(null, this.below(1_000), 'x', [this.below(9), {}], { peer: 'x' }, true)
  }

  /** What a careless reader would trip over. */
  #odd(depth: number): unknown {
    const { below } = this
    switch (below(depth > 3 ? 9 : 13)) {
      case 0:
        return null
      case 1:
        return this.#pick(Number.NaN, Number.POSITIVE_INFINITY, -0, -1, 2 ** 31, 2 ** 32, 2 ** 53, 1e308, 0.5)
      case 2:
        return below(1_000)
      case 3:
        return this.#pick('', '__proto__', 'constructor', 'toString', 'hello', '\u0000', '\ud800', 'x'.repeat(300))
      case 4:
        return undefined
      case 5:
        return this.#bytes(below(40))
      case 6:
        return below(2) === 0
      case 7:
        return new Tagged(this.#pick(0, 1, 2, 6, 27, 64, 87, 258, 259, 0x5470, 0x5471, 40_009), this.#leaf())
      case 8:
        return new Tagged(0x5470, [this.#pick('', 'memory://x'), this.#pick('x', ''), '/user/x', below(30)])
      case 9:
        return Array.from({ length: below(4) }, () => this.#odd(depth + 1))
      case 10:
        return Object.fromEntries([['__proto__', this.#odd(depth + 1)]])
      case 11:
        return { node: this.#odd(depth + 1), listings: [{ protocol: 'x', refs: [this.#odd(depth + 1)] }] }
      default:
        return { constructor: this.#odd(depth + 1), isPolluted: true }
    }
  }

  #leaf(): unknown {
    return this.#pick<unknown>(1e20, 'x', this.#bytes(9), [], {}, ['Function', 'return process'], null)
  }

  #bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.below(256))
  }

  #damaged(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0) return bytes
    const at = this.below(bytes.length)
    switch (this.below(4)) {
      case 0:
        return bytes.slice(0, at)
      case 1:
        return Uint8Array.from([...bytes.subarray(0, at), ...this.#bytes(4), ...bytes.subarray(at)])
      case 2:
        // A head of any length, in the middle of something.
        return bytes.map((byte, i) =>
          i === at ? this.#pick(0x1b, 0x5b, 0x7b, 0x9b, 0xbb, 0xdb, 0xff, 0x5f, 0x9f) : byte,
        )
      default:
        return bytes.map((byte, i) => (i === at ? byte ^ (1 << this.below(8)) : byte))
    }
  }
}
