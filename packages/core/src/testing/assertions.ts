/** What the contract suites need of a test's `t`. AVA's fits as it is; others need an adapter of three lines. */
export interface Assertions {
  /** Fails unless both are the same value, by `Object.is`. */
  is(actual: unknown, expected: unknown, message?: string): void
  /** Fails unless both have the same structure. */
  deepEqual(actual: unknown, expected: unknown, message?: string): void
  /** Fails unless `actual` is `true`. */
  true(actual: unknown, message?: string): void
}

/** Declares a test; `skip` declares one that is shown but not run. AVA's `test` fits as it is. */
export interface TestFunction {
  (title: string, run: (t: Assertions) => Promise<void>): void
  skip(title: string, run: (t: Assertions) => Promise<void>): void
}
