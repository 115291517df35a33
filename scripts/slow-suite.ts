import test, { type ExecutionContext } from 'ava'

/** Whether this is `npm run test:slow`, which has minutes; `npm test` has seconds. */
export const isSlow: boolean = process.env.TROUPE_TEST_SLOW === '1'

/** How many seeds, runs or rounds: a few in `npm test`, many in the slow suite. */
export function times(few: number, many: number): number {
  return isSlow ? many : few
}

/** A test of the slow suite alone, one at a time: where the quick one has another that can find the same fault. */
export function slowTest(title: string, run: (t: ExecutionContext) => void | Promise<void>): void {
  if (isSlow) test.serial(title, run)
}
