import { ProbeError, type Stepper } from './probe.ts'

/**
 * The result of `work`, with time moved on in steps of 1 ms until it is there.
 *
 * @param withinMs how much time may pass, default 10,000
 * @throws {ProbeError} when it is not; whatever `work` rejects with
 */
export async function within<T>(time: Stepper, work: Promise<T>, withinMs = 10_000): Promise<T> {
  let settled = false
  const settle = (): void => {
    settled = true
  }
  work.then(settle, settle)
  await time.advance(0)
  for (let waitedMs = 0; !settled && waitedMs < withinMs; waitedMs++) await time.advance(1)
  if (!settled) throw new ProbeError(`not settled within ${withinMs} ms`)
  return work
}
