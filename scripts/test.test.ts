import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath, pathToFileURL } from 'node:url'
import test from 'ava'
import { isSlow, slowTest } from './slow-suite.ts'

interface Ended {
  readonly status: number | null
  readonly lastLine: string
  readonly output: string
}

interface Arguments {
  readonly verbose: boolean
  readonly isolated: boolean
  readonly slow: boolean
  readonly patterns: string[]
  readonly avaFlags: string[]
  readonly problem: string | null
}

interface Report {
  readonly exitCode: number
  start(plan: { files: string[]; status: EventEmitter }): void
  close(status: number): void
}

// Plain JavaScript, as the runner starts before anything could strip types.
const script = (file: string): Promise<unknown> => import(new URL(file, import.meta.url).href)
const { readArguments } = (await script('./test-arguments.mjs')) as { readArguments(argv: string[]): Arguments }
const { Report } = (await script('./test-report.mjs')) as { Report: new (options: object) => Report }

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = mkdtempSync(join(tmpdir(), 'troupe-runner-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const good = `test('good', (t) => { t.pass() })`

// Begun first, because it waits for its time limit most of the time. AVA counts from its start until a test ends: the
// limit has to outlast the start of a worker thread on a machine that does much else.
const hanging = isSlow
  ? run(
      {
        'a.test.js': `${good}\ntest('hangs', () => new Promise((done) => { setTimeout(done, 60_000) }))`,
        'b.test.js': `${good}\nsetInterval(() => {}, 60_000)`,
      },
      ['--timeout=10s'],
    )
  : null

const FAILING = {
  'a.test.js': `test('bad', (t) => { t.deepEqual({ a: 1 }, { a: 2 }) })
test('throws', () => { throw new RangeError('outer', { cause: new Error('inner') }) })
test.skip('one [needs a disk]', (t) => { t.pass() })
test.todo('two')
${good}`,
  'good.test.js': good,
  'exit.test.js': `test('leaves', () => { process.exit(0) })\n${good}`,
  'exit-early.test.js': 'process.exit(0)',
  'import.test.js': `throw new Error('at import')`,
  'late.test.js': `test('late', async (t) => { setTimeout(() => { throw new Error('nobody') }); await new Promise(() => {}) })`,
  'hook.test.js': `test.before(() => { throw new Error('in hook') })\n${good}`,
  'none.test.js': '',
}
let failed: Promise<Ended> | null = null
/** One run of all these: AVA itself costs half a second. */
const failing = (): Promise<Ended> => (failed ??= run(FAILING))

test.serial(
  'passing tests end in one line and status 0; the line of a test selects it, in TypeScript too',
  async (t) => {
    const files = {
      'a/one.test.ts': `test('bad', (t) => { t.fail() })`,
      'b/two.test.ts': `const typed: number = 1\n${good}\ntest('bad', (t) => { t.fail() })`,
    }

    t.like(await run(files, ['b/two.test.ts:3']), { status: 0, lastLine: '1 passed, 0 failed' })
  },
)

test('a path or a glob selects what it names, a word the files whose path contains it, a line the test around it', (t) => {
  const project = mkdtempSync(join(folder, 'project-'))
  const next = good.replace('good', 'next')
  const slow = good.replace('test', 'slowTest').replace('good', 'slow')
  writeFileSync(join(project, 'x.test.ts'), `import test from 'ava'\n\n${good}\n\n${next}\n${slow}\n`)
  const read = (...args: string[]) => readArguments(['--root', project, ...args])

  t.deepEqual(read('x.test.ts', '*.test.ts').patterns, ['x.test.ts', '*.test.ts'])
  t.deepEqual(read('mailbox').patterns, ['**/*mailbox*', '**/*mailbox*/**'])
  t.like(read('x.test.ts:4'), { patterns: ['x.test.ts'], avaFlags: ['--match', 'good'], problem: null })
  t.like(read('x.test.ts:5'), { patterns: ['x.test.ts'], avaFlags: ['--match', 'next'], problem: null })
  t.like(read('x.test.ts:6'), { avaFlags: ['--match', 'slow'], problem: null })
  t.regex(read('x.test.ts:1').problem!, /no test at line 1 of x\.test\.ts/)
  t.regex(read('--watch').problem!, /npx ava --watch/)
})

test('options of AVA go to AVA with their values, the others are ours', (t) => {
  const { verbose, isolated, patterns, avaFlags } = readArguments(['-v', '--match=go*', '--serial', '-T', '2m'])

  t.deepEqual([verbose, isolated, patterns], [true, false, []])
  t.deepEqual(avaFlags, ['--match', 'go*', '--serial', '-T', '2m'])
  t.like(readArguments(['--slow']), { slow: true, avaFlags: ['--timeout', '5m'] })
  t.like(readArguments(['--slow', '--timeout=9m']), { slow: true, avaFlags: ['--timeout', '9m'] })
})

test.serial('failures come in full, skipped and planned tests with their reason', async (t) => {
  const { status, output } = await failing()

  t.is(status, 1)
  t.regex(output, /✘ a\.test\.js 1 passed, 2 failed, 2 skipped/)
  t.regex(output, /✘ bad\n\s+a\.test\.js\n\s+at a\.test\.js:2/)
  t.regex(output, /- {3}a: 1,\n\s+\+ {3}a: 2,/)
  t.regex(output, /RangeError: outer\n\s+at .*a\.test\.js:3/)
  t.regex(output, /caused by Error: inner/)
  t.regex(output, /- one \[needs a disk\] a\.test\.js/)
  t.regex(output, /- two \[to be written\] a\.test\.js/)
})

test.serial('whatever ends a file early fails the tests that it kept from running', async (t) => {
  const { lastLine, output } = await failing()

  t.regex(output, /✘ leaves \(not run/)
  t.regex(output, /✘ process\.exit\(\) was called exit-early\.test\.js/)
  t.regex(output, /Error: at import/)
  t.regex(output, /✘ late \(not run: its file crashed first\)/)
  t.regex(output, /Error: in hook/)
  t.regex(output, /✘ no tests.* none\.test\.js/)
  // Of a: one passed, two failed, two skipped. Hook: the hook and its test; exit and late: the cause and the tests it took
  // with it.
  t.regex(lastLine, /^[2-3] passed, (11|12) failed, 2 skipped$/)
})

slowTest(
  'a test that hangs fails by name after the time limit, and so does a file that leaves something running',
  async (t) => {
    const { status, lastLine, output } = (await hanging)!

    t.is(status, 1)
    t.is(lastLine, '2 passed, 2 failed')
    t.regex(output, /✘ hangs \(no end after 10 s\)/)
    t.regex(output, /✘ did not exit: nothing happened for 10 s\n\s+b\.test\.js/)
  },
)

slowTest('files share a thread while they pass, not their environment; after a failure the thread ends', async (t) => {
  const files = {
    'a.test.js': `${good}\nglobalThis.left = 'a'\nprocess.env.LEFT = 'a'\nprocess.env.NODE_ENV = 'a'`,
    'b.test.js': `test('is the second', (t) => {
      t.deepEqual([globalThis.left, process.env.LEFT, process.env.NODE_ENV], ['a', undefined, 'test'])
    })`,
    'c.test.js': `test('lost', (t) => { globalThis.left = 'c'; void Promise.reject(new Error('nobody')); t.pass() })`,
    'd.test.js': `test('bad', (t) => { t.is(globalThis.left, undefined); globalThis.left = 'd'; t.fail() })`,
    'e.test.js': `test('starts anew', (t) => { t.is(globalThis.left, undefined) })`,
  }

  const shared = await run(files, ['--concurrency=1'])

  t.is(shared.lastLine, '4 passed, 2 failed', shared.output)
  t.regex(shared.output, /✘ a rejected promise nobody handled\n\s+c\.test\.js[^]*Error: nobody/)
  t.regex(shared.output, /✘ bad\n\s+d\.test\.js/)
})

slowTest(
  'only skipped tests and no test file are failures; --isolate gives each file a thread of its own',
  async (t) => {
    const skipped = 'test.skip(`left ${globalThis.left} [none]`, (t) => { t.pass() })'
    const files = { 'a.test.js': `globalThis.left = 'a'\n${skipped}`, 'b.test.js': skipped }
    const { status, lastLine, output } = await run(files, ['--concurrency=1', '--isolate'])

    t.is(status, 1)
    t.is(lastLine, '0 passed, 0 failed, 2 skipped')
    t.regex(output, /- left undefined \[none\] b\.test\.js/)
    t.like(await run({}), { status: 1, lastLine: '0 passed, 1 failed' })
  },
)

test('no matching title is a failure, and so is a status of AVA that nothing explains', (t) => {
  t.like(reported(['declared-test', 'worker-finished'], 0), { exitCode: 1, lastLine: '0 passed, 1 failed' })
  const passed = ['declared-test', 'selected-test', 'test-passed', 'worker-finished']
  t.like(reported(passed, 0), { exitCode: 0, lastLine: '1 passed, 0 failed' })
  t.like(reported(passed, 1), { exitCode: 1, lastLine: '1 passed, 1 failed' })
})

/** What is said of one file of which AVA tells these events, and ends with a status. */
function reported(events: readonly string[], status: number): { exitCode: number; lastLine: string } {
  let text = ''
  const out = { write: (chunk: string) => (text += chunk) }
  const report = new Report({ out, root: '/', verbose: false, colour: false, live: false })
  const ava = new EventEmitter()
  report.start({ files: ['/a.test.js'], status: ava })
  for (const type of events) ava.emit('stateChange', { type, testFile: '/a.test.js', title: 'a title' })
  report.close(status)
  return { exitCode: report.exitCode, lastLine: text.trimEnd().split('\n').at(-1)! }
}

/** Runs the runner over a small project of its own; every file imports ava by itself. */
async function run(files: Record<string, string>, args: string[] = []): Promise<Ended> {
  const project = mkdtempSync(join(folder, 'project-'))
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'), 'junction')
  const config = pathToFileURL(join(root, 'ava.config.mjs')).href
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  // Without TypeScript there is no need of tsx, which is half of what a thread costs.
  const language = Object.keys(files).some((name) => name.endsWith('.ts'))
    ? `files: ['**/*.test.ts']`
    : `files: ['**/*.test.js'], extensions: ['js'], require: []`
  writeFileSync(
    join(project, 'ava.config.mjs'),
    `import base from '${config}'\nexport default { ...base, ${language} }`,
  )
  for (const [name, code] of Object.entries(files)) {
    mkdirSync(dirname(join(project, name)), { recursive: true })
    writeFileSync(join(project, name), `import test from 'ava'\n${code}\n`)
  }
  const child = spawn(process.execPath, [join(root, 'scripts', 'test.mjs'), '--root', project, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  })
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { status, lastLine: stdout.trimEnd().split('\n').at(-1)!, output: stdout + stderr }
}
