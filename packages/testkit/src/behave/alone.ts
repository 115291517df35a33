import type { ActorSystem, MessageName, Payload, Ref, Reply } from '@troupe/core'
import type { ManualRuntime } from '@troupe/core/testing'
import type { Anything, Probe, ProbeAnswer } from '../probe.ts'
import type { Effect } from './effect.ts'

/** What an actor has done. */
export interface Behaviour {
  /** Messages that it has taken, in order: also those it told itself, ticks and notices; again from a stash, not. */
  readonly handled: readonly { readonly name: string; readonly payload: unknown }[]
  /** What it did, in order, since the call before. */
  readonly effects: readonly Effect[]
}

/** What an actor did about one message. */
export interface Handled<R> extends Behaviour {
  /**
   * `replied`: with `reply`. `failed`: with `error`, and its supervision has decided. `refused`: it answered with
   * `error` on purpose. `waiting`: its promise is pending, or its answer is to be given later. `abandoned`: it has
   * ended, or restarted, before it answered.
   */
  readonly outcome: 'replied' | 'failed' | 'refused' | 'waiting' | 'abandoned'
  /** What it answered; undefined unless it replied. */
  readonly reply: R | undefined
  /** What it failed with or refused with; null otherwise. */
  readonly error: Error | null
  /** Its answer, also one that is given later; rejects as an ask does. */
  readonly answer: Promise<R>
}

/** An actor that runs alone. */
export interface Alone<P> {
  /** The actor, to be handed out: what the test sends by it counts as an effect of the actor. Send by `handle`. */
  readonly ref: Ref<P>
  readonly runtime: ManualRuntime
  /** The system around it, for what is rarely needed: `find`, `register`, `snapshot`. */
  readonly system: ActorSystem
  /** What its set-up did. */
  readonly started: Behaviour
  /**
   * Asks it, and lets it do all it does without time passing.
   *
   * @returns rejects with {@link AskError} when it has no such handler, or has ended
   */
  handle<K extends MessageName<P>>(name: K, ...payload: Payload<P, K>): Promise<Handled<Reply<P, K>>>
  /** Moves time on: timers fire at their instants. */
  advance(ms: number): Promise<Behaviour>
  /**
   * Somebody for it to talk to, below `/user`: hand out its ref. Of one name there is one.
   *
   * @param answer how it answers what it is asked. Default: not before `reply`
   */
  standIn<Q = Anything>(name: string, answer?: ProbeAnswer): Probe<Q>
  /**
   * What stands in for its child of that name, the latest one.
   *
   * @throws {ProbeError} when it has started none
   */
  child<Q = Anything>(name: string): Probe<Q>
  /** Stops it, and all around it. @returns what it did meanwhile */
  stop(): Promise<Behaviour>
}

/** Makes somebody for the actor to talk to, as {@link Alone.standIn} does. */
export type StandIn = <Q = Anything>(name: string, answer?: ProbeAnswer) => Probe<Q>
