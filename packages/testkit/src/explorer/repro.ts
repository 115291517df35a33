import { TroupeError } from '@troupe/core'
import { isMessageFault, nemesisProblem } from '../nemesis/check-nemesis.ts'
import type { Run, SimulateOptions } from '../simulation/run.ts'
import type { Scenario } from '../simulation/scenario.ts'
import { simulate } from '../simulation/simulate.ts'
import type { Violation } from '../simulation/violation.ts'
import { type Plan, planOf } from './plan.ts'
import { parseSeed } from './seeds.ts'

/** A run that violates something, as data: what `repro.json` holds. The same code gives the same run again. */
export interface Repro extends Plan {
  readonly format: 1
  /** Name of the scenario. */
  readonly scenario: string
  /** The file of the scenario, relative to the folder of `repro.json`, when it is not one of those known by name. */
  readonly file?: string
  readonly seed: string
  readonly violation: Violation
  /** Of the whole run: another hash is another run. */
  readonly hash: string
}

/** A text is no `repro.json`. */
export class ReproFormatError extends TroupeError {
  override readonly name = 'ReproFormatError'
  readonly code = 'REPRO_FORMAT'

  constructor(problem: string, options?: ErrorOptions) {
    super(`this is no repro.json: ${problem}`, options)
  }
}

/** The text of `repro.json`: indented, one line for each fault. */
export function formatRepro(repro: Repro): string {
  const lines = Object.entries(repro).map(([key, value]) => {
    const text = isLong(value) ? `[\n    ${value.map((item) => JSON.stringify(item)).join(',\n    ')}\n  ]` : undefined
    return `  ${JSON.stringify(key)}: ${text ?? JSON.stringify(value)}`
  })
  return `{\n${lines.join(',\n')}\n}\n`
}

function isLong(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0
}

/**
 * Reads what `formatRepro` wrote, or a person changed.
 *
 * @throws {ReproFormatError} naming the first field that is missing or wrong
 */
export function parseRepro(text: string): Repro {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ReproFormatError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
  checkRepro(value)
  return value
}

function checkRepro(value: unknown): asserts value is Repro {
  if (!isObject(value)) throw new ReproFormatError('it must be an object')
  if (value.format !== 1) throw new ReproFormatError(`its format is ${JSON.stringify(value.format)}, known is 1`)
  for (const [field, expected, holds] of FIELDS) {
    if (!holds(value[field])) throw new ReproFormatError(`${field} must be ${expected}, is ${short(value[field])}`)
  }
  // A fault that nobody knows would do nothing, as if the code were mended.
  for (const item of value.nemesis as readonly unknown[]) {
    const problem = nemesisProblem(item)
    if (problem !== null) throw new ReproFormatError(`nemesis: ${problem}, is ${short(item)}`)
  }
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0
const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''
/** More nodes or clients are a mistake, and would take all memory. */
const isFew = (value: unknown): boolean => isCount(value) && Number(value) <= 1_000
const isDuration = (value: unknown): boolean => isCount(value) && value !== 0

const FIELDS: readonly (readonly [field: string, expected: string, holds: (value: unknown) => boolean])[] = [
  ['scenario', 'a name', isText],
  ['file', 'a path', (value) => value === undefined || isText(value)],
  ['seed', 'a text', isText],
  ['nodes', 'a number from 1 to 1,000', (value) => isFew(value) && value !== 0],
  ['clients', 'a number up to 1,000', isFew],
  ['operations', 'a number', isCount],
  ['leftOut', 'a list of numbers', (value) => value === undefined || (Array.isArray(value) && value.every(isCount))],
  ['durationMs', 'a whole number from 1', isDuration],
  ['mode', 'fifo or explore', (value) => value === 'fifo' || value === 'explore'],
  ['network', 'a model of links', (value) => value === undefined || isObject(value)],
  ['nemesis', 'a list of { atMs, op, ... }', Array.isArray],
  ['messageFaults', 'a list of { link, n, fault }', (value) => Array.isArray(value) && value.every(isMessageFault)],
  ['violation', '{ kind, name, ... }', (value) => isObject(value) && isText(value.kind) && isText(value.name)],
  ['hash', '16 hexadecimal digits', (value) => typeof value === 'string' && /^[0-9a-f]{16}$/.test(value)],
]

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing'
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** What of a plan `simulate` takes, for the scenario and the seed it was made with. */
export function simulateOptions(scenario: Scenario, seed: string, plan: Plan): SimulateOptions {
  const { network, ...rest } = planOf(plan)
  return { ...rest, seed: parseSeed(seed), scenario: network === undefined ? scenario : { ...scenario, network } }
}

/**
 * Runs it again, and keeps all events, for timelines and diagrams. The same code gives the same `hash`.
 *
 * @param scenario the one it was made with
 */
export function replay(repro: Repro, scenario: Scenario): Promise<Run> {
  return simulate({ ...simulateOptions(scenario, repro.seed, repro), record: true })
}

/** Whether a run shows a violation of that class. */
export function shows(run: Run, { kind, name }: Violation): Violation | undefined {
  return run.violations.find((violation) => violation.kind === kind && violation.name === name)
}
