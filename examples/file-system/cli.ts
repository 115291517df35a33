// The command of the file system: put, get, ls, rm and stat against a gateway. See README.md.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { get } from './cli-get.ts'
import { put } from './cli-put.ts'
import { ls, stat } from './cli-show.ts'
import type { CommandContext } from './command-context.ts'
import { DEFAULT_PORT, explain } from './explain.ts'
import { GatewayClient } from './gateway-client.ts'
import type { Output } from './progress.ts'
import { UsageError } from './usage-error.ts'

const USAGE = `usage: npm run fs -- COMMAND [options]

  put SOURCE [NAME]     store a file, or a folder with all that is in it
  get NAME [TARGET]     fetch a file, or a folder (a name that ends with /); TARGET - is standard output
  ls [FOLDER]           list a folder
  rm NAME...            delete files
  stat NAME             show size, hash, time and type of a file

  --gateway URL         default http://127.0.0.1:${DEFAULT_PORT}
  --json                ls, stat: as JSON
  --help

status: 0 done, 1 failed, 2 called wrongly
`

type Command = (args: readonly string[], context: CommandContext) => Promise<void>

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['put', put],
  ['get', get],
  ['ls', ls],
  ['rm', rm],
  ['stat', stat],
])

/** @returns the exit status */
export async function cli(args: readonly string[], out: Output, err: Output): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        gateway: { type: 'string', default: `http://127.0.0.1:${DEFAULT_PORT}` },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    const [name = '', ...rest] = positionals
    if (values.help) {
      out.write(USAGE)
      return 0
    }
    const command = COMMANDS.get(name)
    if (command === undefined) {
      const known = [...COMMANDS.keys()].join(', ')
      throw new UsageError(name === '' ? `say what to do: ${known}` : `there is no command "${name}", only ${known}`)
    }
    if (!URL.canParse(values.gateway) || new URL(values.gateway).protocol !== 'http:')
      throw new UsageError(`--gateway must be a URL that starts with http://, not "${values.gateway}"`)
    const client = new GatewayClient(values.gateway)
    try {
      await command(rest, { client, out, err, isJson: values.json })
    } finally {
      client.close()
    }
    return 0
  } catch (error) {
    const { message, isUsage } = explain(error)
    err.write(`${message}\n${isUsage ? `\n${USAGE}` : ''}`)
    return isUsage ? 2 : 1
  }
}

async function rm(names: readonly string[], { client }: CommandContext): Promise<void> {
  if (names.length === 0) throw new UsageError('rm needs the NAME of a file, or several')
  for (const name of names) await client.remove(name.replace(/^\/+/, ''))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exit(await cli(process.argv.slice(2), process.stdout, process.stderr))
}
