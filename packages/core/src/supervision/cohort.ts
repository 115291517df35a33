import type { Supervisor } from './directive.ts'

/** What a cohort needs of one of its members. */
export interface CohortMember {
  /** @returns true when nothing is left of its incarnation: it is gone, or only waits to be started again */
  isDown(restarting: boolean): boolean
  /** Its turn has come: it ends its incarnation, or stops for good. */
  takeDown(restarting: boolean): void
  /** Sets up again, if it waits for that. */
  revive(): void
}

/** What a cohort needs of the parent. */
export interface CohortHome<M> {
  /** The members that `failed` concerns, itself included, in the order they were spawned. */
  concerned(failed: M): readonly M[]
  /** False while the parent ends its children: then their ends are its affair alone. */
  readonly keepsChildren: boolean
  after(delayMs: number, task: () => void): void
}

/** One restart, or one stop, of several members. */
class Round<M> {
  readonly members: readonly M[]
  readonly restarting: boolean
  readonly delayMs: number
  readonly concerned: Set<M>
  /** Spawned meanwhile: they wait, and start after the others. */
  readonly joined: M[] = []
  /** All members beyond this one are down. */
  last: number

  constructor(members: readonly M[], restarting: boolean, delayMs: number) {
    this.members = members
    this.restarting = restarting
    this.delayMs = delayMs
    this.concerned = new Set(members)
    this.last = members.length - 1
  }
}

/**
 * The children of one parent that stand and fall together. Takes down those that a failure concerns one by one, the
 * last one spawned first, and when all are down starts them in the order they were spawned.
 */
export class Cohort<M extends CohortMember> {
  /** Decides for all of them. Made at the first failure, by code of the user's. */
  supervisor: Supervisor | null = null
  /** How many members there are. */
  size = 0
  readonly #home: CohortHome<M>
  #round: Round<M> | null = null
  /** Failures that concern more than a stop under way: their turn comes afterwards. */
  readonly #next: Round<M>[] = []
  readonly #afterwards: (() => void)[] = []

  constructor(home: CohortHome<M>) {
    this.#home = home
  }

  /** What is being done with that member already; null where nothing is. */
  concerns(member: M): 'restart' | 'stop' | null {
    for (const round of [this.#round, ...this.#next]) {
      if (round?.concerned.has(member)) return round.restarting ? 'restart' : 'stop'
    }
    return null
  }

  /** Takes down all that `failed` concerns; it has ceased to handle messages already. */
  begin(failed: M, restarting: boolean, delayMs: number): void {
    const round = new Round(this.#home.concerned(failed), restarting, delayMs)
    // A restart under way is part of this one: whoever fails now was spawned before all that it concerns.
    if (this.#round === null || this.#round.restarting) {
      this.#round = round
      this.#goOn()
    } else this.#next.push(round)
  }

  /** A member is down, or gone. */
  down(): void {
    this.#goOn()
  }

  /** @returns true when a member spawned just now has to wait for a restart under way */
  joins(member: M): boolean {
    const round = this.#round
    if (round === null || !round.restarting || !this.#home.keepsChildren) return false
    round.joined.push(member)
    round.concerned.add(member)
    return true
  }

  /** Runs when nothing is under way any more: at once, mostly. */
  afterwards(task: () => void): void {
    if (this.#round === null) task()
    else this.#afterwards.push(task)
  }

  #goOn(): void {
    const round = this.#round
    if (round === null || round.last < 0 || !this.#home.keepsChildren) return
    for (; round.last >= 0; round.last--) {
      const member = round.members[round.last]!
      if (member.isDown(round.restarting)) continue
      member.takeDown(round.restarting)
      if (!member.isDown(round.restarting)) return
    }
    if (round.restarting) this.#home.after(round.delayMs, () => this.#revive(round))
    else this.#over()
  }

  #revive(round: Round<M>): void {
    // Another failure may have begun another one, and the parent may be ending.
    if (round !== this.#round || !this.#home.keepsChildren) return
    this.#round = null
    for (const member of round.members) member.revive()
    for (const member of round.joined) member.revive()
    this.#over()
  }

  #over(): void {
    this.#round = this.#next.shift() ?? null
    if (this.#round !== null) return this.#goOn()
    for (const task of this.#afterwards.splice(0)) task()
  }
}
