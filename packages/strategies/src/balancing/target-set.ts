import type { AnyRef, Clock, Ref } from '@troupe/core'
import type { AnyProtocol } from '../relay.ts'
import type { Target } from './strategy.ts'

/** A target as its balancer sees it. */
export class Member implements Target {
  readonly id: string
  readonly ref: Ref<AnyProtocol>
  weight: number
  inFlight = 0
  /** Monotonic ms until which it gets nothing; 0 when it is up, infinite while it drains. */
  outUntilMs = 0
  /** Listed by the receptionist, so that the receptionist takes it off again. */
  readonly followed: boolean

  constructor(ref: Ref<AnyProtocol>, weight: number, followed: boolean) {
    this.id = ref.id
    this.ref = ref
    this.weight = weight
    this.followed = followed
  }
}

/** The targets of a balancer, and which of them are available. */
export class TargetSet {
  readonly #clock: Clock
  readonly #maxInFlight: number
  readonly #members = new Map<string, Member>()
  #available: Member[] | null = null

  /** @param maxInFlight requests one target may have at once; may be infinite */
  constructor(clock: Clock, maxInFlight: number) {
    this.#clock = clock
    this.#maxInFlight = maxInFlight
  }

  get size(): number {
    return this.#members.size
  }

  get all(): Iterable<Member> {
    return this.#members.values()
  }

  /** Those that may get a request now. A new list only when it is another one. */
  get available(): readonly Member[] {
    const now = this.#clock.now()
    this.#available ??= [...this.#members.values()].filter(
      ({ outUntilMs, inFlight }) => outUntilMs <= now && inFlight < this.#maxInFlight,
    )
    return this.#available
  }

  /** @returns the new member, or null when there was one already, whose weight is now the given one */
  add(ref: Ref<AnyProtocol>, weight: number, followed: boolean): Member | null {
    const known = this.#members.get(ref.id)
    if (known !== undefined) {
      known.weight = weight
      return null
    }
    const member = new Member(ref, weight, followed)
    this.#members.set(member.id, member)
    this.#available = null
    return member
  }

  remove(ref: AnyRef): boolean {
    this.#available = null
    return this.#members.delete(ref.id)
  }

  /** Gives a target nothing until then. */
  takeOut(member: Member, untilMs: number): void {
    member.outUntilMs = untilMs
    this.#available = null
  }

  started(member: Member): void {
    member.inFlight++
    if (member.inFlight >= this.#maxInFlight) this.#available = null
  }

  ended(member: Member): void {
    if (member.inFlight >= this.#maxInFlight) this.#available = null
    member.inFlight--
  }

  /** Something may have become available by itself: time has passed. */
  refresh(): void {
    this.#available = null
  }
}
