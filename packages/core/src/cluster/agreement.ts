import type { MemberRecord } from './member.ts'
import type { MembershipEffects } from './membership-effects.ts'
import type { MembershipSettings } from './membership-settings.ts'
import type { Roster } from './roster.ts'

/**
 * Calls the roll until all voters have answered that they know the same electorate as this node: who counts, who is
 * nominated and who is condemned. States never go back, so what they know they keep.
 */
export class Agreement {
  readonly #settings: MembershipSettings
  readonly #roster: Roster
  readonly #effects: MembershipEffects
  /** Those who have answered that they know the electorate of {@link #digest}. */
  readonly #agreed = new Set<string>()
  #digest = 0
  #nextMs = Number.POSITIVE_INFINITY

  constructor(settings: MembershipSettings, roster: Roster, effects: MembershipEffects) {
    this.#settings = settings
    this.#roster = roster
    this.#effects = effects
  }

  /** When those who have not answered are called again; infinite while there is nothing to agree on. */
  get nextMs(): number {
    return this.#nextMs
  }

  /** `uid` knows the electorate of this digest. */
  answered(uid: string, digest: number): void {
    if (digest === this.#digest) this.#agreed.add(uid)
  }

  /**
   * Whether all `voters` have answered; calls those who have not, now and then.
   *
   * @param news what they may not know yet
   */
  isReached(voters: readonly MemberRecord[], news: readonly MemberRecord[], nowMs: number): boolean {
    const digest = this.#roster.electorateDigest
    if (this.#digest !== digest || this.#nextMs === Number.POSITIVE_INFINITY) {
      this.#digest = digest
      this.#agreed.clear()
      this.#nextMs = nowMs
    }
    const missing = voters.filter(({ info }) => !this.#agreed.has(info.uid))
    if (missing.length === 0) return true
    if (this.#nextMs > nowMs) return false
    this.#nextMs = nowMs + this.#settings.probeTimeoutMs
    for (const { info } of missing) this.#effects.sendAll('call', info.uid, digest, news)
    return false
  }

  /** There is nothing to agree on. */
  rest(): void {
    this.#nextMs = Number.POSITIVE_INFINITY
  }
}
