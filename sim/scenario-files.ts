import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unknown } from './arguments.ts'
import { UsageError } from './terminal.ts'

const folder = fileURLToPath(new URL('scenarios', import.meta.url))

/** A file that exports a scenario. */
export interface ScenarioFile {
  /** As the command knows it: the name of a file in `scenarios`, or the path of another one. */
  readonly name: string
  readonly path: string
  /** Whether it is one of ours, which are known by name. */
  readonly isKnown: boolean
}

/** The scenarios that are known by name, each with what its comment says first. */
export function knownScenarios(): { readonly name: string; readonly about: string }[] {
  return scenarioNames().map((name) => ({
    name,
    about: aboutOf(name, readFileSync(join(folder, `${name}.ts`), 'utf8')),
  }))
}

function scenarioNames(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => basename(file, '.ts'))
    .sort()
}

/** The comment of the constant that has the name of its file. */
function aboutOf(name: string, source: string): string {
  const [, comment = ''] =
    new RegExp(`/\\*\\*((?:(?!\\*/).)*)\\*/\\s*export const ${constantName(name)}\\b`, 's').exec(source) ?? []
  return comment
    .replace(/^\s*\*?/gm, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

/** `lost-write` is exported as `lostWrite`. */
export function constantName(file: string): string {
  return file.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

/**
 * @param word a name, or the path of a file, seen from `from`
 * @throws {UsageError} when there is none
 */
export function findScenario(word: string, from: string): ScenarioFile {
  if (/[/\\]|\.[cm]?[jt]s$/.test(word)) {
    const path = resolve(from, word)
    if (!existsSync(path)) throw new UsageError(`there is no file ${word}`)
    return { name: word, path, isKnown: false }
  }
  const names = scenarioNames()
  if (!names.includes(word)) {
    throw new UsageError(`${unknown('scenario', word, names)} (a file of yours is named by its path: ./${word}.ts)`)
  }
  return { name: word, path: join(folder, `${word}.ts`), isKnown: true }
}
