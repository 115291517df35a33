import { catalogue } from './catalogue.ts'
import { type Hunt, hunt } from './hunt.ts'
import { scenarioNamed } from './scenarios.ts'

/** What a worker process is told: which mutant to hunt, with how many seeds. */
export interface Job {
  readonly mutant: string
  readonly seeds: number
}

/** What it says: which seed it is at, before each run; then what came of it. */
export type Answer = { readonly seed: number } | { readonly error: string } | Hunt

process.on('message', ({ mutant: name, seeds }: Job) => {
  run(name, seeds).then(
    (result) => process.send?.(result),
    (error) => process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})

async function run(name: string, seeds: number): Promise<Hunt> {
  const mutant = catalogue.find((candidate) => candidate.name === name)
  if (mutant === undefined) throw new Error(`there is no mutant ${name}`)
  const scenario = scenarioNamed(mutant.scenario)
  if (scenario === undefined) throw new Error(`there is no scenario ${mutant.scenario}, which ${name} names`)
  return hunt(mutant, scenario, seeds, (seed) => process.send?.({ seed }))
}
