import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { BLOCK_BYTES } from './block.ts'
import { main } from './main.ts'
import { Captured, scratch, until } from './test-cluster.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const RUN = fileURLToPath(new URL('../../scripts/run.mjs', import.meta.url))
const MAIN = join(HERE, 'main.ts')
const LAST =
  /^stored (\d+) files \(\d+ bytes\) on 5 processes, killed 1, healed [1-9]\d* copies, verified \1 of \1, lost 0$/

test.serial('the demonstration in one process kills a node and loses nothing', async (t) => {
  const out = new Captured()

  const status = await main(['demo', '--in-process', '--generate-mib', '8', '--folder', HERE], out, new Captured())

  t.is(status, 0, out.text)
  t.regex(out.lastLine, LAST)
})

test.serial(
  'the demonstration with processes kills one with SIGKILL, loses nothing and leaves nothing behind',
  async (t) => {
    const folder = await scratch(t)
    const args = [RUN, MAIN, 'demo', '--generate-mib', '8', '--folder', HERE]

    const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, TMPDIR: folder } })

    t.regex(stdout.trimEnd().split('\n').at(-1) ?? '', LAST)
    t.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith('troupe')),
      [],
    )
  },
)

test.serial('a command called wrongly ends with status 2 and the usage', async (t) => {
  for (const args of [[], ['demo', '--in-proces'], ['demo', '--generate-mib', 'x'], ['serve', '--port', '70000']]) {
    const [out, err] = [new Captured(), new Captured()]
    t.is(await main(args, out, err), 2)
    t.regex(`${out.text}${err.text}`, /usage: npm start/)
  }
})

test.serial('a folder that cannot be written and a port that is taken are named, with the way out', async (t) => {
  const folder = await scratch(t)
  await writeFile(join(folder, 'file'), '')
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  const port = String(typeof address === 'object' ? address?.port : 0)

  const noFolder = await run(['serve', '--data', join(folder, 'file', 'data'), '--port', '0'])
  const noPort = await run(['serve', '--data', join(folder, 'data'), '--port', port])

  t.is(noFolder.status, 1)
  t.regex(noFolder.stderr, /cannot use .*file.data: ENOTDIR.*--data FOLDER/)
  t.is(noPort.status, 1)
  t.regex(noPort.stderr, new RegExp(`address already in use 127.0.0.1:${port}.*--port N`))
})

test.serial(
  'served files are there at the next start; a second server on the folder is refused; no child is left',
  async (t) => {
    const folder = await scratch(t)
    const content = randomBytes(BLOCK_BYTES + 1)
    const first = await served(t, folder)
    await fetch(`${first.url}/a.bin`, { method: 'PUT', body: content })
    const second = await run(['serve', '--data', folder, '--port', '0'])
    first.process.kill('SIGTERM')
    const [status] = await once(first.process, 'exit')

    t.is(status, 0)
    t.false(first.children.some(isAlive))
    t.is(second.status, 1)
    t.regex(second.stderr, /in use by process \d+/)

    const again = await served(t, folder)
    const answer = await fetch(`${again.url}/a.bin`)
    t.true(Buffer.from(await answer.arrayBuffer()).equals(content))

    // The program itself, not the script that runs it: its id stands in the lock. Nobody can end in order then.
    process.kill(Number(await readFile(join(folder, 'lock'), 'utf8')), 'SIGKILL')
    await until('all children are gone', () => again.children.length === 5 && !again.children.some(isAlive))
  },
)

const limited = process.platform === 'win32' ? test.skip : test.serial
limited(
  'a full disk is 507 with a code, loses nothing stored before, and small files go on being stored',
  async (t) => {
    const folder = await scratch(t)
    // The system's own limit on the size of a file stands for the disk: what does not fit fails as on a full one.
    const { url } = await served(t, folder, 'ulimit -f 200 && exec "$@"')
    await fetch(`${url}/small`, { method: 'PUT', body: 'fits' })

    const refused = await fetch(`${url}/large`, { method: 'PUT', body: randomBytes(BLOCK_BYTES) })
    const large = await fetch(`${url}/large`)
    const after = await fetch(`${url}/after`, { method: 'PUT', body: 'fits too' })

    t.is(refused.status, 507)
    t.like(await refused.json(), { error: { code: 'DISK_FULL' } })
    t.is(large.status, 404)
    t.is(after.status, 201)
    t.is(await (await fetch(`${url}/small`)).text(), 'fits')
  },
)

interface Served {
  readonly process: ChildProcess
  readonly url: string
  readonly children: readonly number[]
}

/** Starts `serve` on a folder and a free port; gone after the test. @param shell wraps the command: `... "$@"` */
async function served(t: ExecutionContext, folder: string, shell = 'exec "$@"'): Promise<Served> {
  const command = [process.execPath, RUN, MAIN, 'serve', '--data', folder, '--port', '0']
  const child = spawn('sh', ['-c', shell, 'sh', ...command], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
  await until('it serves', () => text.includes('Ctrl-C') || child.exitCode !== null)
  const url = /http:\/\/[\d.:]+/.exec(text)?.[0] ?? ''
  return { process: child, url, children: [...text.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid)) }
}

async function run(args: readonly string[]): Promise<{ status: number; stderr: string }> {
  const child = spawn(process.execPath, [RUN, MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [status] = await once(child, 'close')
  return { status, stderr }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
