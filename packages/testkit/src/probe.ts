import {
  type AnyRef,
  type MessageName,
  type Payload,
  type Ref,
  type Reply,
  type Terminated,
  TroupeError,
} from '@troupe/core'

/** A probe did not see what it waited for, or saw what it should not. */
export class ProbeError extends TroupeError {
  override readonly name = 'ProbeError'
  readonly code = 'PROBE_FAILED'
}

/** How far a test moves time on, step by step, while it waits. A manual runtime fits. */
export interface Stepper {
  advance(ms: number): Promise<void>
}

/** The protocol of a probe that is not told which: any message, with any payload. */
export type Anything = Record<never, never>

/** The messages of a protocol by name; any name where the protocol is not known. */
export type NameOf<P> = [MessageName<P>] extends [never] ? string : MessageName<P>

/** A message a probe has got, with the payload that goes with the name. */
export type Received<P = Anything, K extends string = NameOf<P>> = K extends string
  ? { readonly name: K; readonly payload: K extends keyof P ? Payload<P, K>[0] : unknown }
  : never

/** What a message is answered with. */
export type ReplyTo<P, K> = K extends keyof P ? Reply<P, K> : unknown

/**
 * An actor of the test's own: hand out its `ref`, then say what must arrive there. Whatever waits moves time on, in steps
 * of 1 ms, and no further than needed.
 */
export interface Probe<P = Anything> {
  readonly ref: Ref<P>
  /** What has arrived and was not expected yet, oldest first. */
  readonly pending: readonly Received<P>[]
  /**
   * The next message, called `name` if that is given.
   *
   * @param withinMs how long it may take. Default 1,000
   * @returns rejects with {@link ProbeError} when none comes in time, or the next one has another name
   */
  expect(): Promise<Received<P>>
  expect<K extends NameOf<P>>(name: K, withinMs?: number): Promise<Received<P, K>>
  /**
   * The next messages, as many as there are names, in any order.
   *
   * @param names one twice is to come twice
   * @param withinMs how long all of them may take together. Default 1,000
   * @returns them in the order of `names`; rejects with {@link ProbeError} when one does not come in time, or another
   *   one comes
   */
  expectAll<const N extends readonly NameOf<P>[]>(
    names: N,
    withinMs?: number,
  ): Promise<{ -readonly [I in keyof N]: Received<P, N[I]> }>
  /** @returns rejects with {@link ProbeError} when anything arrives within `forMs` (default 100), or has arrived already */
  expectNone(forMs?: number): Promise<void>
  /** Looks past messages of these names, those that are pending too. They are answered all the same. */
  ignore(...names: readonly NameOf<P>[]): void
  /**
   * Answers a message that was asked, where the probe was not told how. Only the first answer counts; one to a tell
   * does nothing.
   */
  reply<R extends Received<P>>(received: R, value: ReplyTo<P, R['name']>): void
  /** Answers a message that was asked with an error. */
  replyError(received: Received<P>, error: unknown): void
  /** Watches an actor from now on, so that {@link expectTerminated} knows why it has ended. */
  watch(ref: AnyRef): Promise<void>
  /**
   * The end of an actor. One that was gone before it was watched has the reason `not-found`.
   *
   * @param withinMs how long it may take. Default 1,000
   * @returns rejects with {@link ProbeError} when it has not ended in time
   */
  expectTerminated(ref: AnyRef, withinMs?: number): Promise<Terminated>
  /** Ends the probe: to see what others make of it. */
  stop(): Promise<void>
  /** Makes the probe fail: its supervision decides. */
  fail(error: Error): Promise<void>
}

/** How a probe answers; a promise is waited for like that of any handler. */
export type ProbeAnswer = (name: string, payload: unknown) => unknown
