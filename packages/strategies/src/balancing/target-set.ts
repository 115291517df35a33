import { type AnyRef, type Clock, is, type Ref } from '@troupe/core'
import type { AnyProtocol } from '../relay.ts'
import type { Target } from './strategy.ts'

/** A target and its share of the work. */
export interface WeightedTarget<P> {
  readonly ref: Ref<P>
  /** Default 1. */
  readonly weight?: number
}

/** What an actor that is given its targets answers besides their protocol. */
export interface TargetControl<P> {
  /** Adds a target, or sets the weight of one that is there. */
  $add: (target: WeightedTarget<P>) => void
  /** Takes a target off. What it has in flight is still answered. */
  $remove: (ref: AnyRef) => void
}

/** Checks the targets given at the start: refs, or refs with weights. */
export function areTargets(value: unknown): string | null {
  const allowed = Array.isArray(value) && value.every((each) => isRef(each) || isWeightedTarget(each) === null)
  return allowed ? null : `an array of refs or of ${WEIGHTED}`
}

/** Checks a target given later. */
export function isWeightedTarget(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('ref' in value) || !isRef(value.ref)) return WEIGHTED
  return !('weight' in value) || value.weight === undefined || Number(value.weight) > 0 ? null : WEIGHTED
}

/** Checks the protocol to follow: what it names is all that is ever looked for. */
export function isProtocol(value: unknown): string | null {
  return is.string((value as { readonly id?: unknown } | null)?.id) === null ? null : 'a protocol'
}

const WEIGHTED = '{ ref, weight }, the weight above 0'

function isRef(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'id' in value && 'path' in value
}

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

  constructor(id: string, ref: Ref<AnyProtocol>, weight: number, followed: boolean) {
    this.id = id
    this.ref = ref
    this.weight = weight
    this.followed = followed
  }
}

/** What a set needs of the actor it belongs to, which hands each `$ended` on to {@link TargetSet.drop}. */
export interface TargetOwner {
  readonly self: AnyRef
  readonly clock: Clock
  watch(ref: AnyRef, name: '$ended'): void
  unwatch(ref: AnyRef): void
}

/** The targets of a balancer or router, watched, and which of them are available. */
export class TargetSet {
  readonly #owner: TargetOwner
  readonly #maxInFlight: number
  /** By id of the ref. */
  readonly #members = new Map<string, Member>()
  #available: Member[] | null = null

  /** @param maxInFlight requests one target may have at once; may be infinite */
  constructor(owner: TargetOwner, maxInFlight: number) {
    this.#owner = owner
    this.#maxInFlight = maxInFlight
  }

  get size(): number {
    return this.#members.size
  }

  get all(): Iterable<Member> {
    return this.#members.values()
  }

  has(ref: AnyRef): boolean {
    return this.#members.has(ref.id)
  }

  /** Those that may get a request now. A new list only when it is another one. */
  get available(): readonly Member[] {
    this.#available ??= this.#findAvailable()
    return this.#available
  }

  #findAvailable(): Member[] {
    const now = this.#owner.clock.now()
    return [...this.#members.values()].filter(
      ({ outUntilMs, inFlight }) => outUntilMs <= now && inFlight < this.#maxInFlight,
    )
  }

  /** Adds a target, or sets the weight of one that is there. @param id by which strategies know it */
  add(ref: Ref<AnyProtocol>, weight: number, id: string = ref.id): void {
    const known = this.#members.get(ref.id)
    if (known !== undefined) known.weight = weight
    else this.#insert(new Member(id, ref, weight, false))
  }

  /** Those listed join with weight 1; those that were listed and are not any more leave. */
  follow(listed: readonly Ref<AnyProtocol>[]): void {
    const ids = new Set(listed.map(({ id }) => id))
    for (const { ref, followed } of [...this.#members.values()]) if (followed && !ids.has(ref.id)) this.remove(ref)
    for (const ref of listed) {
      // Its owner may be registered under the same protocol: what it sent to itself would never end.
      if (!this.has(ref) && ref.id !== this.#owner.self.id) this.#insert(new Member(ref.id, ref, 1, true))
    }
  }

  #insert(member: Member): void {
    this.#owner.watch(member.ref, '$ended')
    this.#members.set(member.ref.id, member)
    this.#available = null
  }

  remove(ref: AnyRef): void {
    if (this.drop(ref)) this.#owner.unwatch(ref)
  }

  /** It has ended. @returns false when it had left before */
  drop(ref: AnyRef): boolean {
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
