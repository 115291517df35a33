import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CheckResult, HistoryError } from '@troupe/testkit'
import { type Format, parseHistory } from './formats/history-file.ts'
import { MODELS } from './judges.ts'

/** How many verdicts were compared, and a line for each that is another. */
export interface Comparison {
  readonly compared: number
  readonly differences: readonly string[]
}

interface Stated {
  readonly file: string
  readonly linearizable: boolean
}

/**
 * Checks the histories of a folder that has `jepsen/etcd_NNN.log` (registers) and `kv/*.txt` (key-value stores, EDN),
 * and compares with the verdicts stated in its README.md: a block of JSON with lists of numbers, `linearizable` and
 * `not_linearizable`, for the logs, and a table of files that ends in `yes` or `no` for the others. A file of `kv` that
 * stands in no table is judged by its name, `...-ok.txt` or `...-bad.txt`.
 */
export function linearizabilityOracle(folder: string): Comparison {
  const all = statedIn(folder)
  const differences = all.flatMap(({ file, linearizable }) => {
    const expected = linearizable ? 'ok' : 'illegal'
    const { verdict, message } = verdictOn(join(folder, file), file.endsWith('.log') ? 'jepsen-log' : 'edn')
    return verdict === expected ? [] : [`${file}: stated ${expected}, found ${verdict}${message}`]
  })
  return { compared: all.length, differences }
}

function statedIn(folder: string): Stated[] {
  const readme = join(folder, 'README.md')
  const text = existsSync(readme) ? readFileSync(readme, 'utf8') : ''
  const stated = new Map<string, boolean>([...logsIn(text), ...tableIn(text)])
  const kv = join(folder, 'kv')
  for (const name of existsSync(kv) ? readdirSync(kv) : []) {
    const [, ending] = /-(ok|bad)\.txt$/.exec(name) ?? []
    if (ending !== undefined && !stated.has(`kv/${name}`)) stated.set(`kv/${name}`, ending === 'ok')
  }
  return [...stated].map(([file, linearizable]) => ({ file, linearizable })).sort((a, b) => (a.file < b.file ? -1 : 1))
}

function logsIn(readme: string): [string, boolean][] {
  return [...readme.matchAll(/^```json\n([^]*?)^```/gm)].flatMap(([, block]) => {
    const lists = JSON.parse(block!) as Readonly<Record<string, readonly number[] | undefined>>
    const name = (n: number): string => `jepsen/etcd_${String(n).padStart(3, '0')}.log`
    return [
      ...(lists.linearizable ?? []).map((n): [string, boolean] => [name(n), true]),
      ...(lists.not_linearizable ?? []).map((n): [string, boolean] => [name(n), false]),
    ]
  })
}

function tableIn(readme: string): [string, boolean][] {
  return [...readme.matchAll(/^\|\s*`?([\w.-]+\.txt)`?\s*\|.*\|\s*(yes|no)\s*\|\s*$/gm)].map(([, file, word]) => [
    `kv/${file}`,
    word === 'yes',
  ])
}

function verdictOn(path: string, format: Format): { verdict: CheckResult['verdict'] | 'no history'; message: string } {
  if (!existsSync(path)) return { verdict: 'no history', message: ': there is no such file' }
  try {
    const result = MODELS[format === 'edn' ? 'kv' : 'register']!({}).check(
      parseHistory(readFileSync(path, 'utf8'), format),
    )
    return { verdict: result.verdict, message: result.verdict === 'ok' ? '' : `: ${result.message}` }
  } catch (error) {
    if (error instanceof HistoryError) return { verdict: 'no history', message: `: ${error.message}` }
    throw error
  }
}
