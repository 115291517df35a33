import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Arguments, parseArguments, USAGE } from './arguments.ts'
import { bundle } from './bundle.ts'
import { determinismCommand } from './determinism.ts'
import { BROKEN, CALLED_WRONGLY } from './exit-status.ts'
import { Explorer } from './explore.ts'
import { replayCommand } from './replay.ts'
import { findScenario, knownScenarios } from './scenario-files.ts'
import { type Terminal, UsageError } from './terminal.ts'

/** What a file of planted bugs exports, for `npm run sim -- mutants`. */
interface Mutants {
  mutants(args: readonly string[], terminal: Terminal): Promise<number>
}

/** What `npm run sim -- ARGS` does. @returns its exit status */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    if (args[0] === 'mutants') return await mutantsCommand(args.slice(1), terminal)
    const options = parseArguments(args)
    const [word, ...more] = options.words
    if (word === undefined || options.help) {
      list(terminal)
      return 0
    }
    // npm calls its scripts in the folder of the project, wherever it was called.
    const from = process.env.INIT_CWD ?? process.cwd()
    if (word === 'replay') return await replayCommand(only(more, 'replay takes one file'), options, from, terminal)
    if (word === 'determinism') {
      const scenario = findScenario(only(more, 'determinism takes one scenario'), from)
      return await determinismCommand(scenario, options, terminal)
    }
    if (more.length > 0) throw new UsageError(`one scenario at a time; what is ${more.join(' ')}?`)
    return await exploreCommand(word, options, from, terminal)
  } catch (error) {
    if (!(error instanceof UsageError)) {
      // Not thrown: Node would end with 1, which is a safety violation here.
      terminal.err(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
      return BROKEN
    }
    terminal.err(`${error.message}\n\n${USAGE}\n`)
    return CALLED_WRONGLY
  }
}

async function exploreCommand(word: string, options: Arguments, from: string, terminal: Terminal): Promise<number> {
  const scenario = findScenario(word, from)
  const program = await bundle(scenario)
  try {
    return await new Explorer(program.file, scenario, options, from, terminal).run()
  } finally {
    program.remove()
  }
}

async function mutantsCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  const file = new URL('mutants/run.ts', import.meta.url)
  if (!existsSync(fileURLToPath(file))) throw new UsageError('there are no mutants: sim/mutants/run.ts does not exist')
  const { mutants } = (await import(file.href)) as Mutants
  return mutants(args, terminal)
}

function only(words: readonly string[], otherwise: string): string {
  if (words.length !== 1) throw new UsageError(otherwise)
  return words[0]!
}

function list({ out }: Terminal): void {
  out(`${USAGE}\n`)
  const scenarios = knownScenarios()
  const width = Math.max(...scenarios.map(({ name }) => name.length))
  for (const { name, about } of scenarios) out(`  ${name.padEnd(width)}  ${about}`)
}
