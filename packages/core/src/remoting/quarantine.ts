/** Uids kept. Each is a run of a node that has ended, so the oldest of so many will not come back. */
const MOST = 10_000

/** Runs of peers that count as down: they are refused for good, so that nothing comes from the dead. */
export class Quarantine {
  readonly #uids = new Set<string>()

  has(uid: string): boolean {
    return this.#uids.has(uid)
  }

  add(uid: string): void {
    this.#uids.add(uid)
    // Sets keep the order of insertion: the first one is the oldest.
    if (this.#uids.size > MOST) for (const oldest of this.#uids) return void this.#uids.delete(oldest)
  }
}
