import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseRepro, type Repro, ReproFormatError, type Violation } from '@troupe/testkit'
import type { Arguments } from './arguments.ts'
import { bundle } from './bundle.ts'
import { Worker } from './crew.ts'
import { exitStatus } from './exit-status.ts'
import { writeFile } from './failure-folder.ts'
import { findScenario, type ScenarioFile } from './scenario-files.ts'
import type { Told } from './tasks.ts'
import { type Terminal, UsageError } from './terminal.ts'

/** `npm run sim -- replay repro.json [--html FILE] [--json]`. @returns the exit status */
export async function replayCommand(
  path: string,
  options: Arguments,
  from: string,
  terminal: Terminal,
): Promise<number> {
  const repro = readRepro(fileOf(path, from))
  const scenario = scenarioOf(repro, fileOf(path, from))
  const program = await bundle(scenario)
  try {
    const worker = new Worker(program.file)
    try {
      await worker.ready()
      const report = await worker.perform({ task: 'replay', repro })
      if (report.report !== 'told') return exitStatus([])
      if (options.html !== null) writePage(resolve(from, options.html), report.told.html)
      print(repro, report.told, options, terminal)
      return exitStatus(report.told.violations)
    } finally {
      worker.close()
    }
  } finally {
    program.remove()
  }
}

/** The folder of a failure will do. */
function fileOf(path: string, from: string): string {
  const file = resolve(from, path)
  return existsSync(join(file, 'repro.json')) ? join(file, 'repro.json') : file
}

function scenarioOf(repro: Repro, path: string): ScenarioFile {
  try {
    return findScenario(repro.file ?? repro.scenario, dirname(path))
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new UsageError(`${path}: ${error.message}; its field "file" names the scenario, seen from its folder`)
  }
}

function writePage(path: string, html: string): void {
  try {
    writeFile(path, html)
  } catch (error) {
    throw new UsageError(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function readRepro(path: string): Repro {
  try {
    return parseRepro(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error instanceof ReproFormatError) throw new UsageError(`${path}: ${error.message}`)
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function print(repro: Repro, told: Told, { html, json }: Arguments, { out }: Terminal): void {
  const { violations, hash, timeline, events, simulatedMs } = told
  const isSame = hash === repro.hash
  if (json) {
    out(
      JSON.stringify({
        scenario: repro.scenario,
        seed: repro.seed,
        isSame,
        hash,
        events,
        simulatedMs,
        violations,
        html,
      }),
    )
    return
  }
  out(`${timeline}\n`)
  for (const violation of violations) out(`${violation.kind} violation ${violation.name}: ${violation.message}`)
  if (html !== null) out(`drawn in ${html}`)
  out(verdict(repro.violation, violations, isSame))
}

function verdict({ kind, name }: Violation, violations: readonly Violation[], isSame: boolean): string {
  const shown = violations.some((violation) => violation.kind === kind && violation.name === name)
  if (isSame) return 'the same run, by its hash'
  if (shown) return 'another run, by its hash, as the code has changed; it shows the same violation'
  return `another run, by its hash, as the code has changed; it does not show ${kind} violation ${name} any more`
}
