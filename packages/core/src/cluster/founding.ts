/** What decides whether a node may begin a cluster, as far as addresses do not. */
export interface FoundingView {
  /** Whether it leads to this node. */
  isSelf(address: string): boolean
  /** Whether there is a connection to whoever is there, and it is known whether that one is in a cluster. */
  isAnswering(address: string): boolean
}

export interface FoundingTerms {
  /** How long the addresses found must have been the same, in ms. */
  readonly foundAfterMs: number
  /** How long one of them is waited for that does not answer, in ms; no less than the one above in any case. */
  readonly aloneAfterMs: number
  /** Without a look for longer than this nothing is known to have been the same, in ms. */
  readonly blindMs: number
}

/**
 * Whether a node that found others by looking them up may begin a cluster with them. Of all who see the same addresses the
 * lowest one alone may, so nodes that start together begin one cluster and not two, if `foundAfterMs` is longer than
 * any of them sees something that others do not. Bare: time is an argument.
 */
export class Founding {
  readonly #terms: FoundingTerms
  readonly #silentMs: number
  /** In their order; null while nothing is known. */
  #found: readonly string[] | null = null
  /** Since when they have been the same. */
  #sinceMs = 0
  /** When they were found last. */
  #lookedMs = 0
  /** When each was there last, or was found at first. */
  readonly #answeredMs = new Map<string, number>()

  constructor(terms: FoundingTerms) {
    this.#terms = terms
    // Who was not looking for a while must wait for longer than others wait for it.
    this.#silentMs = Math.max(terms.aloneAfterMs, terms.foundAfterMs)
  }

  /** @param addresses null when a look has failed */
  found(addresses: readonly string[] | null, nowMs: number): void {
    const found = addresses === null ? null : [...new Set(addresses)].sort()
    const isSame = found !== null && found.join('\n') === this.#found?.join('\n')
    if (!isSame || nowMs - this.#lookedMs > this.#terms.blindMs) {
      this.#sinceMs = nowMs
      this.#answeredMs.clear()
    }
    this.#found = found
    this.#lookedMs = nowMs
  }

  /** What keeps this node from beginning a cluster, in words for the log; null when nothing does. */
  missing(view: FoundingView, nowMs: number): string | null {
    const found = this.#found
    if (found === null) return 'who is there could not be looked up'
    const own = found.find((address) => view.isSelf(address))
    if (own === undefined) return `its own address is not among those found (${found.join(', ') || 'none'})`
    const waitMs = this.#sinceMs + this.#terms.foundAfterMs - nowMs
    const { silent, lost } = this.#silent(found, view, nowMs)
    if (waitMs > 0) return `the addresses found have to stay the same (${found.join(', ')})`
    if (silent.length > 0) return `no answer yet from ${silent.join(', ')}`
    const lowest = found.find((address) => !lost.has(address)) ?? own
    return lowest === own ? null : `the lowest address begins, which is ${lowest}`
  }

  /** Those that do not answer: for now, and for so long that they are not waited for. */
  #silent(
    found: readonly string[],
    view: FoundingView,
    nowMs: number,
  ): { readonly silent: readonly string[]; readonly lost: ReadonlySet<string> } {
    const silent: string[] = []
    const lost = new Set<string>()
    for (const address of found) {
      if (view.isSelf(address)) continue
      const isAnswering = view.isAnswering(address)
      const answeredMs = isAnswering ? nowMs : (this.#answeredMs.get(address) ?? this.#sinceMs)
      this.#answeredMs.set(address, answeredMs)
      if (isAnswering) continue
      if (nowMs - answeredMs >= this.#silentMs) lost.add(address)
      else silent.push(address)
    }
    return { silent, lost }
  }
}
