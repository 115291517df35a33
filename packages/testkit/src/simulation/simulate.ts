import { is, requireOptions } from '@troupe/core'
import { isMessageFault, isNemesisOperation } from '../nemesis/check-nemesis.ts'
import type { Run, SimulateOptions } from './run.ts'
import { scenario as checkScenario } from './scenario.ts'
import { Simulation } from './simulation.ts'

/**
 * One run of a scenario: faults while clients work; then all faults are healed, and the cluster has to become as it
 * should and to work; then the checkers judge what clients saw. It ends with the first violation.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export async function simulate(options: SimulateOptions): Promise<Run> {
  const seed = (value: unknown): string | null =>
    typeof value === 'number' ? is.integer(0)(value) : is.string(value) && 'a number of at least 0, or any text'
  requireOptions(
    'simulate',
    options,
    { scenario: is.object, seed },
    {
      mode: is.oneOf('fifo', 'explore'),
      nemesis: listOf(isNemesisOperation, 'a list of { atMs, op, ... }'),
      messageFaults: listOf(isMessageFault, 'a list of { link, n, fault }'),
      durationMs: is.integer(1),
      nodes: is.integer(1),
      clients: is.integer(0),
      operations: is.integer(0),
      leftOut: listOf((value) => Number.isSafeInteger(value), 'a list of numbers'),
      record: is.boolean,
      trap: is.boolean,
      turnLimitMs: is.number(1),
    },
  )
  return new Simulation({ ...options, scenario: checkScenario(options.scenario) }).run()
}

function listOf(isOne: (value: unknown) => boolean, expected: string): (value: unknown) => string | null {
  return (value) => (Array.isArray(value) && value.every(isOne) ? null : expected)
}
