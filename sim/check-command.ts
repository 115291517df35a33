import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Checker, type CheckResult, HistoryError, type HistoryEvent, historyDiagram } from '@troupe/testkit'
import { unknown } from './arguments.ts'
import { BROKEN } from './exit-status.ts'
import { FORMATS, type Format, parseHistory, recognize } from './formats/history-file.ts'
import { CHECKERS, MODELS } from './judges.ts'
import { UsageError } from './terminal.ts'

/** Where to print: the console, or what stands for it. */
export type Out = Pick<Console, 'log' | 'error'>

/** Exit statuses. A file that cannot be read is a wrong use, too. */
const STATUS = { ok: 0, illegal: 1, unknown: 2, usage: 3 } as const

/** Formats that are always of one object. */
const USUAL_MODEL: Readonly<Record<Format, string | null>> = { jsonl: null, edn: 'kv', 'jepsen-log': 'register' }

const USAGE = `usage: npm run check -- FILE --model NAME | --checker NAME

  --model NAME        linearizable as: ${Object.keys(MODELS).join(', ')}
  --checker NAME      or: ${Object.keys(CHECKERS).join(', ')}
  --format NAME       ${FORMATS.join(', ')}; by default recognized
  --max-steps=N       steps of the search before the verdict is unknown

Prints ok, illegal with the conflict, or unknown; the exit status is 0, 1 or 2, and 3 for a wrong use.`

/** What `npm run check -- ARGS` does. @returns its exit status */
export function check(args: readonly string[], out: Out): number {
  try {
    const { file, format, checker } = read(args)
    const text = readFileSync(file, 'utf8')
    const known = format ?? recognize(text)
    if (known === null) throw new UsageError(`${file} is in no format that is known; name one with --format`)
    const judge = checker ?? usualChecker(known)
    const history = parseHistory(text, known)
    if (history.length === 0) throw new HistoryError('it holds no operation, so there is nothing to judge')
    return print(history, judge.check(history), out)
  } catch (error) {
    if (error instanceof UsageError) out.error(`${error.message}\n\n${USAGE}`)
    else if (error instanceof HistoryError || isOfFiles(error)) out.error(error.message)
    else {
      // Not thrown: Node would end with 1, which is a verdict here.
      out.error(error instanceof Error ? (error.stack ?? error.message) : error)
      return BROKEN
    }
    return STATUS.usage
  }
}

function read(args: readonly string[]): { file: string; format: Format | null; checker: Checker | null } {
  const { values, positionals } = parsed(args)
  const [file, ...more] = positionals
  if (file === undefined || more.length > 0) throw new UsageError('one file, please')
  const { model, checker, format, 'max-steps': steps } = values
  if (model !== undefined && checker !== undefined) throw new UsageError('either a model or a checker')
  if (steps !== undefined && !/^[1-9]\d{0,14}$/.test(steps)) throw new UsageError(`--max-steps=${steps} is no number`)
  const options = steps === undefined ? {} : { maxSteps: Number(steps) }
  const judge =
    model !== undefined
      ? named(MODELS, 'model', model)(options)
      : checker !== undefined
        ? named(CHECKERS, 'checker', checker)()
        : null
  if (format !== undefined && !isFormat(format)) throw new UsageError(`there is no format called ${format}`)
  return { file, format: format ?? null, checker: judge }
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { model: text, checker: text, format: text, 'max-steps': text },
    })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function usualChecker(format: Format): Checker {
  const model = USUAL_MODEL[format]
  if (model === null) throw new UsageError('what should it be? name a model or a checker')
  return MODELS[model]!({})
}

function named<T>(all: Readonly<Record<string, T>>, what: string, name: string): T {
  if (Object.hasOwn(all, name)) return all[name]!
  throw new UsageError(unknown(what, name, Object.keys(all)))
}

function isFormat(name: string): name is Format {
  return FORMATS.some((format) => format === name)
}

function isOfFiles(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}

function print(history: readonly HistoryEvent[], result: CheckResult, out: Out): number {
  out.log(result.verdict)
  if (result.verdict === 'ok') return STATUS.ok
  out.log(`\n${result.message}`)
  if (result.verdict === 'unknown') return STATUS.unknown
  const shown = result.conflict.filter(({ type }) => type === 'invoke').length
  const all = history.filter(({ type }) => type === 'invoke').length
  out.log(`\n${historyDiagram(result.conflict)}`)
  out.log(`${shown} of ${all} operations; time goes to the right, ? is an outcome that nobody knows`)
  return STATUS.illegal
}
