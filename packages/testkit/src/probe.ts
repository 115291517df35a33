import { type ActorSystem, actor, protocol, type Ref, TroupeError } from '@troupe/core'

/** A probe did not see what it waited for, or saw what it should not. */
export class ProbeError extends TroupeError {
  override readonly name = 'ProbeError'
  readonly code = 'PROBE_FAILED'
}

/** A message a probe has got. */
export interface Received {
  readonly name: string
  readonly payload: unknown
}

/** How far a test moves time on, step by step, while it waits. A manual runtime fits. */
export interface Stepper {
  advance(ms: number): Promise<void>
}

/** An actor of the test's own: hand out its `ref`, then say what must arrive there. */
export interface Probe<P> {
  readonly ref: Ref<P>
  /** What has arrived and was not expected yet, oldest first. */
  readonly pending: readonly Received[]
  /**
   * The next message, called `name` if that is given; waits up to `withinMs` (default 1,000).
   *
   * @throws {ProbeError} when none comes in time, or the next one has another name
   */
  expect(name?: string, withinMs?: number): Promise<Received>
  /** @throws {ProbeError} when anything arrives within `forMs` (default 100), or has arrived already */
  expectNone(forMs?: number): Promise<void>
}

/** What a probe implements by name: nothing. All messages reach it as unhandled. */
type Anything = Record<never, never>

/**
 * Starts a probe. It answers asks with what `answer` returns, `undefined` by default.
 *
 * @param time what moves while the probe waits: the system's manual runtime
 */
export function probe<P = Anything>(
  system: ActorSystem,
  time: Stepper,
  answer?: (name: string, payload: unknown) => unknown,
): Probe<P>
export function probe(
  system: ActorSystem,
  time: Stepper,
  answer: (name: string, payload: unknown) => unknown = () => undefined,
): Probe<Anything> {
  const pending: Received[] = []
  const definition = actor(protocol<Anything>('probe'), () => ({
    unhandled: (name: string, payload: unknown) => {
      pending.push({ name, payload })
      return answer(name, payload)
    },
  }))
  return {
    ref: system.spawn(definition),
    pending,
    async expect(name, withinMs = 1_000) {
      for (let waitedMs = 0; pending.length === 0 && waitedMs <= withinMs; waitedMs++) {
        await time.advance(waitedMs === 0 ? 0 : 1)
      }
      const received = pending.shift()
      if (received === undefined) throw new ProbeError(`no ${name ?? 'message'} within ${withinMs} ms`)
      if (name !== undefined && received.name !== name) throw new ProbeError(`got ${received.name} instead of ${name}`)
      return received
    },
    async expectNone(forMs = 100) {
      await time.advance(forMs)
      if (pending.length > 0) throw new ProbeError(`got ${pending[0]!.name}, though nothing was to come`)
    },
  }
}
