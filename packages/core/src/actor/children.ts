/** What a list of children needs of one. */
export interface Sibling<C> {
  readonly givenName: string | null
  older: C | null
  younger: C | null
}

/**
 * The children of one actor in the order they were spawned: a linked list through the children themselves,
 * because a map entry each would cost more than all else that a million of them need. Only names that were
 * given on purpose are looked up in a map.
 */
export class Children<C extends Sibling<C>> {
  oldest: C | null = null
  youngest: C | null = null
  /** How many there are. */
  size = 0
  #named: Map<string, C> | null = null

  add(child: C): void {
    child.older = this.youngest
    if (this.youngest === null) this.oldest = child
    else this.youngest.younger = child
    this.youngest = child
    this.size++
    if (child.givenName === null) return
    this.#named ??= new Map()
    this.#named.set(child.givenName, child)
  }

  remove(child: C): void {
    if (child.older === null) this.oldest = child.younger
    else child.older.younger = child.younger
    if (child.younger === null) this.youngest = child.older
    else child.younger.older = child.older
    child.older = null
    child.younger = null
    this.size--
    if (child.givenName !== null) this.#named?.delete(child.givenName)
  }

  /** The child that was given that name. */
  named(name: string): C | null {
    return this.#named?.get(name) ?? null
  }

  *[Symbol.iterator](): Iterator<C> {
    for (let child = this.oldest; child !== null; ) {
      // It may be taken off by whoever looks at it.
      const next: C | null = child.younger
      yield child
      child = next
    }
  }
}
