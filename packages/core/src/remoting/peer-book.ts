import type { Association } from './association.ts'

/** Who is known: associations by uid and by address, also by addresses that turned out to lead to somebody known. */
export class PeerBook {
  readonly #byUid = new Map<string, Association>()
  /** Addresses that a peer answers at besides its own, with its uid. */
  readonly #aliases = new Map<string, string>()

  get all(): Association[] {
    return [...this.#byUid.values()]
  }

  byUid(uid: string): Association | null {
    return this.#byUid.get(uid) ?? null
  }

  byAddress(address: string): Association | null {
    if (address === '') return null
    const alias = this.#aliases.get(address)
    if (alias !== undefined) return this.byUid(alias)
    for (const association of this.#byUid.values()) if (association.peer.address === address) return association
    return null
  }

  add(association: Association): void {
    this.#byUid.set(association.peer.uid, association)
  }

  /** What was dialled as `address` is the peer `uid`, which calls itself `own`. */
  answersAt(address: string, uid: string, own: string): void {
    if (address !== own) this.#aliases.set(address, uid)
    // Whoever was found behind that address before: now somebody has it for his own.
    this.#aliases.delete(own)
  }

  remove(association: Association): void {
    const { uid } = association.peer
    this.#byUid.delete(uid)
    for (const [address, other] of this.#aliases) if (other === uid) this.#aliases.delete(address)
  }
}
