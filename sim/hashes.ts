import { isMainThread, Worker } from 'node:worker_threads'
import { parseSeed, type Scenario, Sweep, simulate } from '@troupe/testkit'
import { scenarioOf } from './worker.ts'

/** Faults happen for so long in each run, in virtual ms: enough for all kinds of them. */
const HORIZON_MS = 5_000

/**
 * A program that prints the hashes of runs, one a line: `[--thread] FROM COUNT ROUNDS`. With `--thread` they are made in
 * a worker thread; each further round makes all of them again.
 *
 * @param load gives what the file of the scenario exports
 * @param name of the constant that is taken when it exports several
 */
export async function printHashes(load: () => Promise<Readonly<Record<string, unknown>>>, name: string): Promise<void> {
  const [first, ...rest] = process.argv.slice(2)
  if (first === '--thread' && isMainThread) {
    new Worker(process.argv[1]!, { argv: rest })
    return
  }
  const [from, count, rounds] = first === '--thread' ? rest : [first, ...rest]
  const scenario = scenarioOf(await load(), name)
  if (typeof scenario === 'string') throw new Error(scenario)
  for (let round = 0; round < Number(rounds); round++) {
    const sweep = new Sweep(Number(count), parseSeed(from!), 'never')
    for (let next = sweep.next(); next !== null; next = sweep.next()) console.log(await hashOf(scenario, next.seed))
  }
}

async function hashOf(scenario: Scenario, seed: number | string): Promise<string> {
  const durationMs = Math.min(HORIZON_MS, scenario.durationMs ?? HORIZON_MS)
  return (await simulate({ scenario, seed, durationMs })).hash
}
