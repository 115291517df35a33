/**
 * Which operations of one key stand in the order: a set of small integers whose hash follows each change.
 *
 * The first `closed` of them are operations that ended. Of those, nearly all early ones stand in the order and no
 * late ones, so a record holds only the words from the first that is not full to the last that is not empty.
 */
export class OrderSet {
  /** What `write` wrote. */
  readonly record: Int32Array
  readonly #closed: number
  /** Words of closed operations; those of open ones follow. */
  readonly #closedWords: number
  readonly #bits: Int32Array
  #hash = 0
  /** All words before it are full. */
  #low = 0
  /** All words of closed operations after it are empty. */
  #high = -1

  constructor(closed: number, size: number) {
    this.#closed = closed
    this.#closedWords = (closed + 31) >> 5
    this.#bits = new Int32Array(this.#closedWords + ((size - closed + 31) >> 5))
    this.record = new Int32Array(this.#bits.length + 2)
  }

  /** Independent of the order in which the operations came in. */
  get hash(): number {
    return this.#hash
  }

  has(index: number): boolean {
    const bit = this.#bit(index)
    return (this.#bits[bit >> 5]! & (1 << (bit & 31))) !== 0
  }

  /** Adds the operation, or takes it out again. */
  flip(index: number): void {
    const bit = this.#bit(index)
    const word = bit >> 5
    this.#bits[word]! ^= 1 << (bit & 31)
    this.#hash ^= scatter(bit)
    if (word >= this.#closedWords) return
    if (word > this.#high) this.#high = word
    else while (this.#high >= 0 && this.#bits[this.#high] === 0) this.#high--
    if (word < this.#low) this.#low = word
    else while (this.#low < this.#closedWords && this.#bits[this.#low] === -1) this.#low++
  }

  /** Writes what tells this set and `state` from all others into `record`. @returns how many words that are */
  write(state: number): number {
    let length = 0
    this.record[length++] = state
    this.record[length++] = this.#low
    for (let word = this.#low; word <= this.#high; word++) this.record[length++] = this.#bits[word]!
    for (let word = this.#closedWords; word < this.#bits.length; word++) this.record[length++] = this.#bits[word]!
    return length
  }

  #bit(index: number): number {
    return index < this.#closed ? index : (this.#closedWords << 5) + index - this.#closed
  }
}

/** A number for each bit; their exclusive or is the hash of a set (Zobrist 1970). */
function scatter(bit: number): number {
  let mixed = Math.imul(bit + 1, 0x9e3779b1)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
