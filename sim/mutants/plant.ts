import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'esbuild'
import type { Mutant } from './mutant.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A mutant cannot be planted: the source it is meant for has changed, or another one is in its way. */
export class PlantError extends Error {
  override readonly name = 'PlantError'
}

/** Plants all mutants of a catalogue into what esbuild bundles, each behind its switch, all of them off. */
export function plant(mutants: readonly Mutant[]): Plugin {
  const byFile = groupByFile(mutants)
  return {
    name: 'plant',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const here = byFile.get(path.slice(ROOT.length))
        if (here === undefined) return undefined
        return { contents: planted(readFileSync(path, 'utf8'), here), loader: 'ts' }
      })
    },
  }
}

/** Reads a source of the repository, by its path from the root. */
export function readSource(file: string): string {
  return readFileSync(`${ROOT}${file}`, 'utf8')
}

/** The mutants of each file. */
export function groupByFile(mutants: readonly Mutant[]): ReadonlyMap<string, readonly Mutant[]> {
  const byFile = new Map<string, Mutant[]>()
  for (const mutant of mutants) {
    const same = byFile.get(mutant.file)
    if (same === undefined) byFile.set(mutant.file, [mutant])
    else same.push(mutant)
  }
  return byFile
}

/**
 * A source with mutants in it.
 *
 * @throws {PlantError} when a text to replace is not there exactly once, or two of them overlap
 */
export function planted(source: string, mutants: readonly Mutant[]): string {
  const places = mutants.map((mutant) => ({ mutant, at: placeOf(source, mutant) })).sort((a, b) => a.at - b.at)
  let result = ''
  let end = 0
  for (const { mutant, at } of places) {
    if (at < end)
      throw new PlantError(`${mutant.name}: what it replaces in ${mutant.file} overlaps with another mutant's`)
    result += source.slice(end, at) + guarded(mutant)
    end = at + mutant.find.length
  }
  return result + source.slice(end)
}

function placeOf(source: string, { name, file, find, within, form }: Mutant): number {
  const only = (text: string, part: string): number => {
    const at = text.indexOf(part)
    if (at === -1) throw new PlantError(`${name}: ${file} does not contain ${JSON.stringify(part)}`)
    if (text.includes(part, at + 1)) throw new PlantError(`${name}: ${file} contains ${JSON.stringify(part)} twice`)
    return at
  }
  const place = within === undefined ? only(source, find) : only(source, within) + only(within, find)
  // The line before would be taken for a function, and this for what it is called with.
  if (form === 'expression' && /\n[ \t]*$/.test(source.slice(0, place)))
    throw new PlantError(`${name}: an expression must not begin a line, as it does in ${file}; plant a statement`)
  return place
}

function guarded({ name, find, replace, form }: Mutant): string {
  const isOn = `globalThis.troupePlanted === ${JSON.stringify(name)}`
  return form === 'expression'
    ? `(${isOn} ? (${replace}) : (${find}))`
    : `if (${isOn}) { ${replace}\n } else { ${find}\n }`
}
