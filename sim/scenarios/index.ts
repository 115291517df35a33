import type { Scenario } from '@troupe/testkit'

/** All scenarios known by name. */
export const scenarios: readonly Scenario[] = []

/** The scenario of that name; undefined when there is none. */
export function scenarioNamed(name: string): Scenario | undefined {
  return scenarios.find((candidate) => candidate.name === name)
}
