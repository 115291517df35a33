import {
  checkDeterminism,
  type Repro,
  type Run,
  replay,
  runSeed,
  type Scenario,
  shrink,
  simulate,
  simulateOptions,
  spaceTime,
  timeline,
  traitsOf,
  writeHistory,
} from '@troupe/testkit'
import type { Report, Task, Told } from './tasks.ts'

/**
 * Does what the process that started this one says, until it is gone.
 *
 * @param load gives what the file of the scenario exports
 * @param name of the constant that is taken when it exports several
 */
export async function work(load: () => Promise<Readonly<Record<string, unknown>>>, name: string): Promise<void> {
  // Ctrl-C reaches the whole group: the parent says what becomes of it.
  process.on('SIGINT', () => {})
  process.on('disconnect', () => process.exit())
  let scenario: Scenario | string
  try {
    scenario = scenarioOf(await load(), name)
  } catch (error) {
    scenario = `it cannot be loaded: ${whyAndWhere(error)}`
  }
  if (typeof scenario === 'string') {
    send({ report: 'failed', message: scenario })
    return
  }
  const known = scenario
  let stop = new AbortController()
  process.on('message', (task: Task) => {
    if (task.task === 'stop') {
      stop.abort()
      return
    }
    stop = new AbortController()
    perform(known, task, stop.signal).then(send, (error: unknown) => {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
      send({ report: 'failed', message })
    })
  })
  send({ report: 'ready', traits: traitsOf(scenario) })
}

/** What is wrong, and the first line that is not ours. */
function whyAndWhere(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const site = error.stack?.split('\n').find((line) => /^ +at /.test(line) && !/[/\\]packages[/\\]|node:/.test(line))
  return `${error.name}: ${error.message}${site === undefined ? '' : `\n${site}`}`
}

/** The scenario among the exports; a text says why there is none. */
export function scenarioOf(exported: Readonly<Record<string, unknown>>, name: string): Scenario | string {
  const found = Object.entries(exported).filter(([, value]) => isScenario(value))
  const [, only] = found.find(([key]) => key === name) ?? (found.length === 1 ? found[0]! : [])
  if (only !== undefined) return only as Scenario
  if (found.length === 0) return `it exports no scenario: export const ${name} = scenario({ ... })`
  return `it exports ${found.map(([key]) => key).join(' and ')}: call one of them ${name}, as the file`
}

function isScenario(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'name' in value && 'start' in value
}

async function perform(
  scenario: Scenario,
  task: Exclude<Task, { task: 'stop' }>,
  signal: AbortSignal,
): Promise<Report> {
  switch (task.task) {
    case 'seed': {
      const { seed, events, simulatedMs, violations, coverage } = await runSeed(scenario, task, task.mode)
      return { report: 'seed', outcome: { seed, events, simulatedMs, violations, coverage } }
    }
    case 'shrink': {
      const { seed, mode, violation, budgetMs } = task
      const run = await simulate({ scenario, seed, mode })
      const repro = await shrink(run, scenario, { mode, violation, budgetMs, signal, onProgress: throttled() })
      return { report: 'told', told: tell(repro, await replay(repro, scenario)) }
    }
    case 'replay': {
      const { repro } = task
      const run = await replay(repro, scenario)
      const options = { ...simulateOptions(scenario, repro.seed, repro), record: true }
      const difference = await checkDeterminism(run, options)
      const violations = difference === null ? run.violations : [...run.violations, difference]
      return { report: 'told', told: tell(repro, { ...run, violations }) }
    }
  }
}

function tell(repro: Repro, run: Run): Told {
  const { events, simulatedMs, violations, coverage, hash } = run
  const history = writeHistory(run.history)
  return {
    seed: repro.seed,
    events,
    simulatedMs,
    violations,
    coverage,
    repro,
    hash,
    timeline: timeline(run),
    html: spaceTime(run),
    history,
  }
}

/** Reports progress now and then: a run may take a millisecond. */
function throttled(): (progress: Extract<Report, { report: 'progress' }>['progress']) => void {
  let saidMs = 0
  return (progress) => {
    if (progress.elapsedMs - saidMs < 100) return
    saidMs = progress.elapsedMs
    send({ report: 'progress', progress })
  }
}

function send(report: Report): void {
  process.send?.(report)
}
