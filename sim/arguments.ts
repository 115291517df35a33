import { availableParallelism } from 'node:os'
import { checkOptions, is, UnknownOptionError } from '@troupe/core'
import { parseSeed } from '@troupe/testkit'
import { UsageError } from './terminal.ts'

export const USAGE = `usage: npm run sim -- SCENARIO | FILE.ts [options]
       npm run sim -- replay repro.json [--html FILE]
       npm run sim -- determinism SCENARIO [--seeds N] [--from S] [--jobs J]
       npm run sim -- mutants

  --seeds N        how many seeds, default 100; after n seeds to the first failure, n more are run
  --from S         the first seed, default 0: a number, or any text, say the hash of a commit
  --jobs J         processes, default one for each core
  --mode M         explore (default): what is due at one instant happens in any order; fifo: in the order it became due
  --shrink SECONDS most time to spend on making a failure smaller, default 60
  --out FOLDER     where failures are written, default sim-failures of this project
  --nodes LIST     for determinism: releases of Node, which npx fetches, default 20,22,24; or none
  --json           one JSON object in place of the text

status: 0 no violations, 1 safety, 2 called wrongly, 3 liveness, 4 crash, 5 nondeterminism, 70 the command itself failed,
        130 interrupted`

/** What the command was called with. */
export interface Arguments {
  readonly words: readonly string[]
  readonly seeds: number
  readonly from: number | string
  readonly jobs: number
  readonly mode: 'fifo' | 'explore'
  readonly shrinkMs: number
  readonly out: string | null
  readonly html: string | null
  /** Releases of Node to compare with. */
  readonly releases: readonly string[]
  readonly json: boolean
  readonly help: boolean
}

/** Options that stand alone; all others take a value. */
const FLAGS: ReadonlySet<string> = new Set(['json', 'help'])

const COUNT = /^[1-9]\d{0,8}$/
const FORMS: ReadonlyMap<string, readonly [form: RegExp, expected: string]> = new Map([
  ['seeds', [COUNT, 'a number from 1']],
  ['from', [/./, 'a number or a text']],
  ['jobs', [COUNT, 'a number from 1']],
  ['mode', [/^(?:explore|fifo)$/, 'explore or fifo']],
  ['shrink', [/^\d{1,6}$/, 'a number of seconds']],
  ['out', [/./, 'a folder']],
  ['html', [/./, 'a file']],
  ['nodes', [/^(?:none|\d+(?:,\d+)*)$/, 'releases of Node, such as 20,22,24, or none']],
  ['json', [/^$/, 'given without a value']],
  ['help', [/^$/, 'given without a value']],
])

/** Reads `--name value`, `--name=value` and words. @throws {UsageError} */
export function parseArguments(args: readonly string[]): Arguments {
  const words: string[] = []
  const values = new Map<string, string>()
  for (let i = 0; i < args.length; i++) {
    const [, name, , inline] = /^--([^=]+)(=(.*))?$/s.exec(args[i]!) ?? []
    if (name === undefined) {
      words.push(args[i]!)
      continue
    }
    const form = FORMS.get(name)
    if (form === undefined) throw new UsageError(unknown('option', name, [...FORMS.keys()], '--'))
    const value = inline ?? (FLAGS.has(name) ? '' : (args[++i] ?? ''))
    if (!form[0].test(value))
      throw new UsageError(`--${name} must be ${form[1]}${value === '' ? '' : `, not ${value}`}`)
    values.set(name, value)
  }
  return {
    words,
    seeds: Number(values.get('seeds') ?? 100),
    from: parseSeed(values.get('from') ?? '0'),
    jobs: Number(values.get('jobs') ?? availableParallelism()),
    mode: values.get('mode') === 'fifo' ? 'fifo' : 'explore',
    shrinkMs: Number(values.get('shrink') ?? 60) * 1_000,
    out: values.get('out') ?? null,
    html: values.get('html') ?? null,
    releases: (values.get('nodes') ?? '20,22,24').split(',').filter((release) => release !== 'none'),
    json: values.has('json'),
    help: values.has('help'),
  }
}

/** `there is no scenario countr; did you mean counter?` */
export function unknown(what: string, word: string, names: readonly string[], prefix = ''): string {
  const meant = nearest(word, names)
  const hint = meant === null ? `known: ${names.join(', ')}` : `did you mean ${prefix}${meant}?`
  return `there is no ${what} ${prefix}${word}; ${hint}`
}

function nearest(word: string, names: readonly string[]): string | null {
  try {
    // Options of the packages are checked in the same way.
    checkOptions('', { [word]: 0 }, Object.fromEntries(names.map((name) => [name, is.anything])))
    return null
  } catch (error) {
    return error instanceof UnknownOptionError ? error.suggestion : null
  }
}
