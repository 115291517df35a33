import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Arguments } from './arguments.ts'
import { bundle } from './bundle.ts'
import { BROKEN } from './exit-status.ts'
import type { ScenarioFile } from './scenario-files.ts'
import type { Terminal } from './terminal.ts'

/** Exit status of a difference. */
const NONDETERMINISM = 5
const MOST_OUTPUT_BYTES = 256 * 1024 * 1024

/** Where runs are made. */
interface Place {
  readonly name: string
  readonly command: readonly string[]
  readonly isThread: boolean
}

/**
 * `npm run sim -- determinism SCENARIO --seeds N`: whether each seed gives the same run, by its hash, a second time, in a
 * fresh process, in a worker thread, and in other releases of Node, which npx fetches.
 *
 * @returns the exit status: 0 all the same, 5 some differ, 70 a place could not be tried
 */
export async function determinismCommand(
  scenario: ScenarioFile,
  options: Arguments,
  { out, err }: Terminal,
): Promise<number> {
  const { seeds, from, jobs } = options
  const program = await bundle(scenario, 'hashes')
  try {
    const start = `${seeds} seeds of ${scenario.name} from ${from}`
    err(`${start}, on ${jobs} processes\n`)
    const here = await hashes(program.file, { name: '', command: [process.execPath], isThread: false }, options, 2)
    const first = here.slice(0, seeds)
    const results = [report('again in the same process', first, here.slice(seeds))]
    out(`Node ${process.versions.node}, ${start}: ${new Set(first).size} different hashes`)
    out(results[0]!.words)
    const places = placesOf(options)
    const work = async (): Promise<void> => {
      for (let place = places.shift(); place !== undefined; place = places.shift()) {
        const result = await tried(program.file, place, options, first)
        results.push(result)
        out(result.words)
      }
    }
    await Promise.all(Array.from({ length: jobs }, work))
    return Math.max(...results.map(({ status }) => status))
  } finally {
    program.remove()
  }
}

function placesOf({ releases }: Arguments): Place[] {
  const node = [process.execPath]
  const [own] = process.versions.node.split('.')
  return [
    { name: 'in a fresh process', command: node, isThread: false },
    { name: 'in a worker thread', command: node, isThread: true },
    ...releases
      .filter((release) => release !== own)
      .map((release) => ({
        name: `in Node ${release}`,
        command: ['npx', '-y', '-p', `node@${release}`, '--', 'node'],
        isThread: false,
      })),
  ]
}

async function tried(file: string, place: Place, options: Arguments, first: readonly string[]): Promise<Result> {
  try {
    return report(place.name, first, await hashes(file, place, options, 1))
  } catch (error) {
    return {
      status: BROKEN,
      words: `${place.name}: not tried, ${error instanceof Error ? error.message : String(error)}`,
    }
  }
}

async function hashes(
  file: string,
  { command, isThread }: Place,
  { seeds, from }: Arguments,
  rounds: number,
): Promise<readonly string[]> {
  const [program, ...args] = [...command, file, ...(isThread ? ['--thread'] : []), `${from}`, `${seeds}`, `${rounds}`]
  const { stdout } = await promisify(execFile)(program!, args, { maxBuffer: MOST_OUTPUT_BYTES })
  const lines = stdout.split('\n').filter((line) => /^[0-9a-f]{16}$/.test(line))
  if (lines.length !== rounds * seeds) throw new Error(`${lines.length} hashes of ${rounds * seeds}`)
  return lines
}

interface Result {
  readonly status: number
  readonly words: string
}

function report(name: string, first: readonly string[], second: readonly string[]): Result {
  const different = first.flatMap((hash, i) => (hash === second[i] ? [] : [i]))
  if (different.length === 0) return { status: 0, words: `${name}: ${first.length} of ${first.length} the same` }
  const words = `${name}: ${different.length} of ${first.length} DIFFER, the first is number ${different[0]}`
  return { status: NONDETERMINISM, words }
}
