import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { bundlePrograms } from '../../scripts/bundle-programs.ts'
import { slowTest, times } from '../../scripts/slow-suite.ts'
import { BLOCK_BYTES } from './block.ts'
import { main } from './main.ts'
import { startMemoryCluster } from './memory-cluster.ts'
import { Captured, scratch, until } from './test-cluster.ts'

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))
const programs = await bundlePrograms(['main.ts', 'storage-process.ts', 'gateway-process.ts'].map(here))
const MAIN = programs.path('main.ts')
test.after.always(() => programs.remove())

const LAST =
  /^stored (\d+) files \(\d+ bytes\) on 5 processes, killed 1, healed [1-9]\d* copies, verified \1 of \1, lost 0$/

test('the demonstration in one process kills a node and loses nothing', async (t) => {
  const out = new Captured()
  const folder = await tree(t)

  const status = await main(
    ['demo', '--in-process', '--generate-mib', String(times(1, 8)), '--folder', folder],
    out,
    new Captured(),
  )

  t.is(status, 0, out.text)
  t.regex(out.lastLine, LAST)
})

slowTest(
  'the demonstration with processes kills one with SIGKILL, loses nothing and leaves nothing behind',
  async (t) => {
    const folder = await scratch(t)
    const args = [MAIN, 'demo', '--generate-mib', '8', '--folder', await tree(t)]

    const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, TMPDIR: folder } })

    t.regex(stdout.trimEnd().split('\n').at(-1) ?? '', LAST)
    t.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith('troupe')),
      [],
    )
  },
)

test('a command called wrongly ends with status 2 and the usage', async (t) => {
  for (const args of [[], ['demo', '--in-proces'], ['demo', '--generate-mib', 'x'], ['serve', '--port', '70000']]) {
    const [out, err] = [new Captured(), new Captured()]
    t.is(await main(args, out, err), 2)
    t.regex(`${out.text}${err.text}`, /usage: npm start/)
  }
})

test('--help of either command prints the usage and ends with status 0', async (t) => {
  for (const args of [['--help'], ['demo', '--help'], ['serve', '--port', '0', '--help']]) {
    const [out, err] = [new Captured(), new Captured()]
    t.is(await main(args, out, err), 0)
    t.regex(out.text, /^usage: npm start/)
    t.is(err.text, '')
  }
})

test.serial('a folder in use, a port taken and a folder nobody can write to are named, with the way out', async (t) => {
  const folder = await scratch(t)
  await writeFile(join(folder, 'file'), '')
  const first = await served(t, join(folder, 'data'))
  const { port } = new URL(first.url)

  const inUse = await called(['serve', '--data', join(folder, 'data'), '--port', '0', '--nodes', '3'])
  const noPort = await run(['serve', '--data', join(folder, 'other'), '--port', port, '--nodes', '3'])
  const noFolder = await called(['serve', '--data', join(folder, 'file', 'data'), '--port', '0'])
  first.process.kill('SIGTERM')
  const [status] = await once(first.process, 'close')
  const resized = await called(['serve', '--data', join(folder, 'data'), '--port', '0', '--nodes', '4'])

  t.deepEqual([inUse.status, noPort.status, noFolder.status, resized.status], [1, 1, 1, 1])
  t.regex(inUse.stderr, /in use by process \d+.*--data FOLDER/)
  t.regex(noPort.stderr, new RegExp(`address already in use 127.0.0.1:${port}.*--port N`))
  t.regex(noFolder.stderr, /cannot use .*file.data: ENOTDIR.*--data FOLDER/)
  t.regex(resized.stderr, /of another cluster than one of 4 nodes: .*"size":3.*--nodes/)
  t.is(status, 0)
  t.regex(first.output(), /\nended in order; the data are in .*\n$/)
  t.false(first.children.some(isAlive))
})

const onUnix = process.platform === 'win32' ? test.skip : test.serial
onUnix(
  'on a full disk what was stored is still there, more is 507 with a code; a kill leaves no process',
  async (t) => {
    const folder = await scratch(t)
    const content = randomBytes(BLOCK_BYTES + 1)
    const before = await startMemoryCluster({ folder, size: 3, port: 0 })
    await fetch(`${before.url}/large`, { method: 'PUT', body: content })
    await before.stop()

    // The system's own limit on the size of a file stands for the disk: what does not fit fails as on a full one.
    const { url, children } = await served(t, folder, 'ulimit -f 200 && exec "$@"')
    const refused = await fetch(`${url}/large`, { method: 'PUT', body: randomBytes(BLOCK_BYTES) })
    const small = await fetch(`${url}/small`, { method: 'PUT', body: 'fits' })
    const large = await fetch(`${url}/large`)

    t.is(refused.status, 507)
    t.like(await refused.json(), { error: { code: 'DISK_FULL' } })
    t.is(small.status, 201)
    t.true(Buffer.from(await large.arrayBuffer()).equals(content))
    // Nobody can end in order then.
    process.kill(Number(await readFile(join(folder, 'lock'), 'utf8')), 'SIGKILL')
    await until('all children are gone', () => children.length === 3 && !children.some(isAlive))
  },
)

/** A folder with a few files in it. */
async function tree(t: ExecutionContext): Promise<string> {
  const folder = await scratch(t)
  await mkdir(join(folder, 'sub'))
  for (const name of ['a.txt', 'b.txt', 'empty', 'sub/c.txt', 'sub/d.bin'])
    await writeFile(join(folder, name), name === 'empty' ? '' : name.repeat(1_000))
  return folder
}

interface Served {
  readonly process: ChildProcess
  readonly url: string
  readonly children: readonly number[]
  /** What it has printed so far. */
  output(): string
}

/** Starts `serve` with three nodes on a folder and a free port; gone after the test. @param shell wraps the command: `... "$@"` */
async function served(t: ExecutionContext, folder: string, shell = 'exec "$@"'): Promise<Served> {
  const command = [process.execPath, MAIN, 'serve', '--data', folder, '--port', '0', '--nodes', '3']
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
  return {
    process: child,
    url,
    children: [...text.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid)),
    output: () => text,
  }
}

/** In this process: enough for what fails before any other is started. */
async function called(args: readonly string[]): Promise<{ status: number; stderr: string }> {
  const err = new Captured()
  const status = await main(args, new Captured(), err)
  return { status, stderr: err.text }
}

async function run(args: readonly string[]): Promise<{ status: number; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
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
