/**
 * The configurations a search has seen: which operations stand in the order, and the state they lead to.
 *
 * A configuration is a hash and some words. They lie one behind another in a single array, so millions of them are
 * no work for the collector; equal ones are found by the words themselves, never by the hash alone.
 */
export class ConfigurationSet {
  /** Place of the record in `#words` plus 1; 0 is free. A power of 2 long. */
  #table = new Int32Array(16)
  /** Records: hash, number of words, words. */
  #words = new Int32Array(64)
  #end = 0
  #count = 0

  get sizeBytes(): number {
    return this.#table.byteLength + this.#words.byteLength
  }

  /** @returns false when it was there already */
  add(hash: number, words: Int32Array, length: number): boolean {
    const mask = this.#table.length - 1
    let cell = spread(hash) & mask
    for (let at = this.#table[cell]!; at !== 0; at = this.#table[cell]!) {
      if (this.#equal(at - 1, hash, words, length)) return false
      cell = (cell + 1) & mask
    }
    this.#table[cell] = this.#append(hash, words, length) + 1
    if (2 * ++this.#count > mask) this.#grow()
    return true
  }

  #equal(at: number, hash: number, words: Int32Array, length: number): boolean {
    if (this.#words[at] !== hash || this.#words[at + 1] !== length) return false
    for (let i = 0; i < length; i++) if (this.#words[at + 2 + i] !== words[i]) return false
    return true
  }

  #append(hash: number, words: Int32Array, length: number): number {
    const at = this.#end
    this.#end += 2 + length
    if (this.#end > this.#words.length) {
      const old = this.#words
      this.#words = new Int32Array(Math.max(this.#end, 2 * old.length))
      this.#words.set(old)
    }
    this.#words[at] = hash
    this.#words[at + 1] = length
    for (let i = 0; i < length; i++) this.#words[at + 2 + i] = words[i]!
    return at
  }

  #grow(): void {
    const old = this.#table
    this.#table = new Int32Array(2 * old.length)
    const mask = this.#table.length - 1
    for (const at of old) {
      if (at === 0) continue
      let cell = spread(this.#words[at - 1]!) & mask
      while (this.#table[cell] !== 0) cell = (cell + 1) & mask
      this.#table[cell] = at
    }
  }
}

function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return mixed ^ (mixed >>> 13)
}
