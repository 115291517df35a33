import { type Run, type Scenario, shrink, simulate } from '@troupe/testkit'
import { type Mutant, setPlanted } from './mutant.ts'

/** Most real time to spend on making a run small, in ms. */
const SHRINK_MS = 60_000

/** What became of the search for one planted bug. */
export interface Hunt {
  readonly mutant: string
  readonly scenario: string
  /** Seeds run, the one that showed it included. */
  readonly seeds: number
  /** What it was found by; null when it was not. */
  readonly violation: { readonly kind: string; readonly name: string; readonly message: string } | null
  /** Operations of the nemesis, and faults of single messages, that are left when the run is as small as it could be made; null when that was not tried. */
  readonly operations: number | null
  /** Real time, in ms: of the search, and of making the run small. */
  readonly searchMs: number
  readonly shrinkMs: number
}

/**
 * Runs a scenario with one bug planted, with the seeds 1, 2, ... up to `most`, until one violates something.
 *
 * @param beforeRun told of the seed before each run, those for making the run small included
 */
export async function hunt(
  mutant: Mutant,
  scenario: Scenario,
  most: number,
  beforeRun: (seed: number) => void,
): Promise<Hunt> {
  setPlanted(mutant.name)
  try {
    const startMs = performance.now()
    const { seeds, run } = await search(scenario, most, beforeRun)
    const foundMs = performance.now()
    const base = { mutant: mutant.name, scenario: scenario.name, seeds, searchMs: foundMs - startMs }
    if (run === null) return { ...base, violation: null, operations: 0, shrinkMs: 0 }
    const { nemesis, messageFaults, violation } = await shrink(run, scenario, {
      budgetMs: SHRINK_MS,
      onProgress: () => beforeRun(seeds),
    })
    const { kind, name, message } = violation
    const operations = nemesis.length + messageFaults.length
    return { ...base, violation: { kind, name, message }, operations, shrinkMs: performance.now() - foundMs }
  } finally {
    setPlanted(null)
  }
}

async function search(
  scenario: Scenario,
  most: number,
  beforeRun: (seed: number) => void,
): Promise<{ seeds: number; run: Run | null }> {
  for (let seed = 1; seed <= most; seed++) {
    beforeRun(seed)
    const run = await simulate({ scenario, seed })
    if (run.violations.length > 0) return { seeds: seed, run }
  }
  return { seeds: most, run: null }
}
