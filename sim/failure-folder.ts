import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { formatRepro, type Repro } from '@troupe/testkit'
import type { ScenarioFile } from './scenario-files.ts'
import type { Told } from './tasks.ts'

/**
 * Writes what is known of a failure into a folder of its own: `repro.json`, `history.jsonl` and `space-time.html`.
 *
 * @returns the path of `repro.json`
 */
export function writeFailure(out: string, scenario: ScenarioFile, { repro, history, html }: Told): string {
  // A seed may be any text.
  const folder = join(out, `${repro.scenario}-${repro.seed}`.replace(/[^\w.+-]/g, '_'))
  mkdirSync(folder, { recursive: true })
  const file: Partial<Repro> = scenario.isKnown ? {} : { file: relative(folder, scenario.path) }
  const path = join(folder, 'repro.json')
  writeFileSync(path, formatRepro({ ...repro, ...file }))
  writeFileSync(join(folder, 'history.jsonl'), history)
  writeFile(join(folder, 'space-time.html'), html)
  return path
}

/** Writes a file, and the folders it is in. */
export function writeFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
