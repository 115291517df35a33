// The distributed file system: `demo` shows it, `serve` runs it. See README.md.
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { COPIES } from './block.ts'
import { demoRun } from './demo-run.ts'
import { DEFAULT_PORT, explain } from './explain.ts'
import type { Output } from './progress.ts'
import { serve } from './serve.ts'
import { UsageError } from './usage-error.ts'

/** Storage nodes. With three copies of a block and a majority for names, any two may fail, one after the other. */
const SIZE = 5

const USAGE = `usage: npm start -- [--in-process] [--generate-mib N] [--folder FOLDER]
       npm run serve -- [--data FOLDER] [--port N] [--nodes N]

  --in-process        all nodes in one process, over links in memory
  --generate-mib N    size of the generated file, in MiB; default 64
  --folder FOLDER     what to store beside it; default the project itself
  --data FOLDER       where the data are kept; default ${defaultFolder()}
  --port N            where the gateway listens, 0 for any free port; default ${DEFAULT_PORT}
  --nodes N           storage nodes, 3 or more, the same at each start on a folder; default ${SIZE}
  --help

status: 0 done, or served until Ctrl-C or a signal; 1 failed; 2 called wrongly; 128 and more: a demonstration cut short
`

/** @returns the exit status, as the usage says */
export async function main(args: readonly string[], out: Output, err: Output): Promise<number> {
  try {
    const [command, ...rest] = args
    if (command === 'help' || args.includes('--help')) {
      out.write(USAGE)
      return 0
    }
    if (command === 'demo') return await demo(rest, out)
    if (command === 'serve') return await serveCommand(rest, out)
    err.write(USAGE)
    return 2
  } catch (error) {
    const { message, isUsage } = explain(error)
    err.write(`${message}\n${isUsage ? `\n${USAGE}` : ''}`)
    return isUsage ? 2 : 1
  }
}

function demo(args: readonly string[], out: Output): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'in-process': { type: 'boolean' },
      'generate-mib': { type: 'string', default: '64' },
      folder: { type: 'string' },
    },
  })
  const mib = integer('--generate-mib', values['generate-mib'], 1, 4096)
  const isInProcess = values['in-process'] === true
  return demoRun({ size: SIZE, isInProcess, generatedBytes: mib * 1024 * 1024, source: values.folder, out })
}

function serveCommand(args: readonly string[], out: Output): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: 'string', default: defaultFolder() },
      port: { type: 'string', default: String(DEFAULT_PORT) },
      nodes: { type: 'string', default: String(SIZE) },
    },
  })
  const port = integer('--port', values.port, 0, 65_535)
  const size = integer('--nodes', values.nodes, COPIES, 100)
  return serve({ folder: resolve(values.data), port, size, write: (text) => out.write(text) })
}

function integer(option: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new UsageError(`${option} must be a whole number from ${min} to ${max}, not "${text}"`)
}

function defaultFolder(): string {
  return join(tmpdir(), 'troupe-file-system-data')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exit(await main(process.argv.slice(2), process.stdout, process.stderr))
}
