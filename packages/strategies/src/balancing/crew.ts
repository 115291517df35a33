import {
  type Actor,
  type AnyRef,
  actor,
  type Context,
  type Deferred,
  type Protocol,
  type Ref,
  type Supervision,
  type Terminated,
} from '@troupe/core'
import type { AnyProtocol } from '../relay.ts'

/** One of the routees of a pool. */
export interface Routee {
  readonly ref: Ref<AnyProtocol>
  /** Its place in the pool, from 1; a successor has the same. */
  readonly slot: number
}

export interface CrewSettings {
  readonly size: number
  readonly supervise: Supervision
  readonly replaceAfterMs: number | false
  readonly whenEmpty: 'refuse' | 'stop'
}

/** What the pool tells its crew. */
export interface Crew {
  /** Those there are. Whoever joins after this was asked is told to the pool. */
  routees: () => readonly Routee[]
  /** The pool gives nothing to those that retire any more. */
  resize: (to: { readonly size: number; readonly retire: readonly AnyRef[] }) => void
  /** Answers when all have handled what they were given, and have ended. */
  drain: () => void
}

interface Inner extends Crew {
  ended: (notice: Terminated) => void
  replace: () => void
}

/** What a crew tells its pool. */
interface PoolNotices {
  $joined: (routee: Routee) => void
  $empty: () => void
}

/** Starts the routees of a pool, replaces them, and sees to it that they finish. */
export function crew(definition: Actor<AnyProtocol>, settings: CrewSettings, pool: Ref<PoolNotices>): Actor<Crew> {
  const token: Protocol<Inner> = { id: 'crew' }
  return actor(token, (ctx) => new RouteeCrew(ctx, definition, settings, pool))
}

class RouteeCrew {
  readonly #ctx: Context<Inner>
  readonly #definition: Actor<AnyProtocol>
  readonly #settings: CrewSettings
  readonly #pool: Ref<PoolNotices>
  readonly #slots = new Map<number, Ref<AnyProtocol>>()
  /** By id: those in a slot, and those retired that have not finished yet. */
  readonly #living = new Map<string, AnyRef>()
  #size: number
  #poolKnows = false
  /** Those who wait for the end of draining; null while it has not begun. */
  #drained: Deferred<void>[] | null = null

  constructor(ctx: Context<Inner>, definition: Actor<AnyProtocol>, settings: CrewSettings, pool: Ref<PoolNotices>) {
    this.#ctx = ctx
    this.#definition = definition
    this.#settings = settings
    this.#pool = pool
    this.#size = settings.size
    this.#fill()
  }

  routees(): readonly Routee[] {
    this.#poolKnows = true
    return [...this.#slots].map(([slot, ref]) => ({ slot, ref }))
  }

  resize({ size, retire }: { readonly size: number; readonly retire: readonly AnyRef[] }): void {
    this.#size = size
    for (const ref of retire) {
      this.#vacate(ref)
      this.#ctx.stop(ref, { drain: true })
    }
    this.#fill()
  }

  drain(): Deferred<void> {
    const reply = this.#ctx.reply<void>()
    this.#drained ??= []
    this.#drained.push(reply)
    for (const ref of this.#living.values()) this.#ctx.stop(ref, { drain: true })
    this.#endIfDrained()
    return reply
  }

  ended({ ref }: Terminated): void {
    const { replaceAfterMs, whenEmpty } = this.#settings
    this.#living.delete(ref.id)
    this.#endIfDrained()
    if (!this.#vacate(ref)) return
    if (whenEmpty === 'stop' && this.#slots.size === 0) this.#pool.tell('$empty')
    else if (replaceAfterMs !== false) this.#ctx.after(replaceAfterMs, 'replace')
  }

  replace(): void {
    this.#fill()
  }

  /** Starts as many as are missing, each in the first slot that is free. */
  #fill(): void {
    if (this.#drained !== null) return
    for (let slot = 1; this.#slots.size < this.#size; slot++) {
      if (this.#slots.has(slot)) continue
      const ref = this.#ctx.spawn(this.#definition, { supervise: this.#settings.supervise })
      this.#ctx.watch(ref, 'ended')
      this.#slots.set(slot, ref)
      this.#living.set(ref.id, ref)
      if (this.#poolKnows) this.#pool.tell('$joined', { ref, slot })
    }
  }

  #vacate(ref: AnyRef): boolean {
    for (const [slot, other] of this.#slots) if (other.id === ref.id) return this.#slots.delete(slot)
    return false
  }

  #endIfDrained(): void {
    if (this.#drained === null || this.#living.size > 0) return
    for (const reply of this.#drained) reply.resolve()
    this.#drained = []
  }
}
