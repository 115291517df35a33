import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseRepro, type Violation } from '@troupe/testkit'
import test from 'ava'
import { slowTest, times } from '../scripts/slow-suite.ts'
import { main } from './command.ts'
import { exitStatus } from './exit-status.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const forgetful = join(root, 'sim', 'fixtures', 'forgetful.ts')
const LAST = /^\d+ seeds, \d+ simulated seconds, \d+ events, \d+ violations, \d+\.\d sim-s\/s$/

interface Output {
  readonly status: number
  readonly out: string
  readonly err: string
}

/** `npm run sim -- ARGS`, but in this process; its workers are processes of their own. */
function sim(...args: readonly string[]): Promise<Output> {
  return called(args, false)
}

async function called(args: readonly string[], isTerminal: boolean): Promise<Output> {
  const printed = { out: '', err: '' }
  const status = await main(args, {
    out: (line) => void (printed.out += `${line}\n`),
    err: (text) => void (printed.err += text),
    isTerminal,
  })
  return { status, ...printed }
}

function folder(t: { teardown(undo: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'troupe-sim-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1)!

test('without arguments it lists the scenarios, each with a sentence', async (t) => {
  const { status, out } = await sim()

  t.is(status, 0)
  t.regex(out, /^usage: npm run sim/)
  t.regex(out, /\n {2}counter +A counter on one node, in memory: .+\.\n/)
})

test('each seed gives the same run again, in a fresh process, and in a worker thread', async (t) => {
  const { status, out } = await sim('determinism', forgetful, '--seeds', '2', '--jobs', '2', '--nodes', 'none')

  t.is(status, 0)
  t.regex(out, /2 seeds of .*forgetful.* from 0: 2 different hashes\n/)
  for (const place of ['again in the same process', 'in a fresh process', 'in a worker thread']) {
    t.true(out.includes(`${place}: 2 of 2 the same`), out)
  }
})

test('what it does not know it refuses with status 2, what may have been meant, and its usage', async (t) => {
  const refused = async (message: string, ...args: readonly string[]): Promise<void> => {
    const { status, out, err } = await sim(...args)
    t.deepEqual([status, out], [2, ''])
    t.true(err.startsWith(message), err)
    t.regex(err, /usage: npm run sim/)
  }
  await refused('there is no scenario countr; did you mean counter?', 'countr')
  await refused('there is no option --sedes; did you mean --seeds?', 'counter', '--sedes', '3')
  await refused('--seeds must be a number from 1, not 0', 'counter', '--seeds', '0')
  await refused('--mode must be explore or fifo, not lifo', 'counter', '--mode=lifo')
  await refused('there is no file ./nowhere.ts', './nowhere.ts')
  await refused('one scenario at a time', 'counter', 'counter')
  await refused('replay takes one file', 'replay')
  await refused('there is no scenario mine; known: active-passive, ', 'mine')
  const broken = join(folder(t), 'repro.json')
  writeFileSync(broken, '{"format":1,"scenario":"counter"}')
  await refused(`${broken}: this is no repro.json: seed must be a text, is missing`, 'replay', broken)
})

test('a file that cannot be built, or exports no scenario, is refused with the reason', async (t) => {
  const file = join(folder(t), 'empty.ts')

  writeFileSync(file, 'export const other = 1')
  const { status, err } = await sim(file, '--jobs', '1')
  t.is(status, 2)
  t.regex(err, /it exports no scenario: export const empty = scenario\(\{ \.\.\. \}\)/)

  writeFileSync(file, 'export const = 1')
  t.regex((await sim(file)).err, /cannot be built: /)

  writeFileSync(
    file,
    `import { scenario } from '@troupe/testkit'\nscenario({ name: 'x', start() {}, duration: 5 } as never)`,
  )
  const wrong = await sim(file, '--jobs', '1')
  t.is(wrong.status, 2)
  t.regex(wrong.err, /it cannot be loaded: UnknownOptionError: .*did you mean "durationMs"\?\n +at .*empty\.ts:2/)
})

test('no violations of a cluster that did nothing comes with a word of warning', async (t) => {
  const file = join(folder(t), 'broken.ts')
  writeFileSync(
    file,
    `import { actor, protocol } from '@troupe/core'
    import { scenario } from '@troupe/testkit'
    const Door = protocol<{ knock: () => string }>('door')
    export const broken = scenario({
      name: 'broken',
      nodes: 2,
      durationMs: 2_000,
      faults: false,
      clients: 1,
      async start(node) {
        const system = await node.createSystem()
        system.register(Door, system.spawn(actor(Door, () => ({ knock: () => { throw new Error('typo') } }))))
      },
      async client(client) {
        const found = await client.system.find(Door)
        await client.operation('knock', {}, () => found.ask('knock'))
      },
    })`,
  )

  const { status, out } = await sim(file, '--seeds', '2', '--jobs', '1')

  t.is(status, 0)
  t.regex(
    out,
    /^mind: none of \d+ operations of clients was answered, so nothing was tested; the first ended with: .*typo/m,
  )
  t.regex(out, /^mind: nothing but crashes can fail: give the scenario checkers/m)
  t.regex(out, /^mind: no two nodes were ever connected: .*seeds: node\.others/m)
  t.regex(lastLine(out), LAST)
})

test('an acknowledged write that is lost in a crash is found, made small, replayed to the same hash, and drawn', async (t) => {
  const out = folder(t)
  // Shortly before the first that shows it today, where there is no time for more.
  const first = String(times(5, 0))

  const { status, out: text } = await sim(forgetful, '--seeds', '40', '--from', first, '--out', out)

  t.is(status, 1, text)
  t.regex(text, /^\nseed \d+: safety violation linearizable register\n/)
  t.regex(lastLine(text), LAST)
  const [, again] = /^again: npm run sim -- replay (\S+)$/m.exec(text)!
  const path = resolve(process.env.INIT_CWD ?? process.cwd(), again!)
  const repro = parseRepro(readFileSync(path, 'utf8'))
  t.true(repro.nemesis.length <= 10 && repro.nemesis.some(({ op }) => op === 'crash'), JSON.stringify(repro.nemesis))
  t.true(text.includes(' crash n1\n'))
  const beside = (name: string): string => readFileSync(path.replace('repro.json', name), 'utf8')
  t.regex(beside('history.jsonl'), /^\{.*"f":"write".*\}$/m)
  t.regex(beside('space-time.html'), /^<!doctype html>/)

  const html = join(out, 'again', 'diagram.html')
  const replayed = await sim('replay', again!, '--html', html)
  t.is(replayed.status, 1, replayed.err)
  t.is(lastLine(replayed.out), 'the same run, by its hash')
  t.true(text.includes(replayed.out.split('\n\n')[0]!), 'the same timeline')
  t.is(readFileSync(html, 'utf8'), beside('space-time.html'))

  writeFileSync(path, JSON.stringify({ ...repro, file: '../away.ts' }))
  t.regex(
    (await sim('replay', join(path, '..'))).err,
    /there is no file \.\.\/away\.ts; its field "file" names the scenario/,
  )

  writeFileSync(path, JSON.stringify({ ...repro, nemesis: [] }))
  const healed = await sim('replay', again!)
  t.is(healed.status, 0)
  t.regex(lastLine(healed.out), /^another run.* does not show safety violation linearizable register any more$/)
})

test('each kind of violation has a status of its own, and of several the least counts', (t) => {
  const status = (...kinds: readonly Violation['kind'][]): number =>
    exitStatus(kinds.map((kind) => ({ kind, name: 'x', message: '', atMs: 0 })))

  t.deepEqual(
    [status(), status('safety'), status('liveness'), status('crash'), status('nondeterminism')],
    [0, 1, 3, 4, 5],
  )
  t.is(status('nondeterminism', 'liveness', 'crash'), 3)
})

slowTest('what a checker could not decide is said, with the reason: it is no evidence', async (t) => {
  const file = join(folder(t), 'open.ts')
  writeFileSync(
    file,
    `import { scenario } from '@troupe/testkit'
    const checker = { name: 'judge', check: () => ({ verdict: 'unknown', message: 'too long' }) }
    export const open = scenario({ name: 'open', nodes: 1, durationMs: 10, start: () => {}, checkers: [checker] })`,
  )

  const { status, out } = await sim(file, '--seeds', '3', '--jobs', '1')

  t.is(status, 0)
  t.regex(out, /^mind: a checker could not decide: judge: too long\n/m)
})

test('any text is a seed, --json prints one object, and a terminal has a bar that grows', async (t) => {
  const args = ['counter', '--seeds=3', '--from=d6ea1e4', '--jobs=1', '--json', '--mode', 'fifo']
  const { status, out, err } = await called(args, true)

  t.is(status, 0, out)
  t.like(JSON.parse(out), { scenario: 'counter', mode: 'fifo', from: 'd6ea1e4', seeds: 3, violations: 0, failures: [] })
  t.regex(err, /\r\S+█+░+ 1 of 3 seeds, 0 violations, \d+\.\d sim-s\/s/)
})

test('a run that ends its process is a crash of that seed, and the other seeds go on', async (t) => {
  const file = join(folder(t), 'exiting.ts')
  writeFileSync(
    file,
    `import { scenario } from '@troupe/testkit'
    export const exiting = scenario({
      name: 'exiting',
      durationMs: 100,
      start: async (node) => void (await node.createSystem()),
      invariant: (cluster) => (cluster.world.random.below(2) === 0 ? process.exit(9) : null),
    })`,
  )

  const { status, out } = await sim(file, '--seeds', '4', '--jobs', '1')

  t.is(status, 4)
  t.regex(
    out,
    /crash violation process-lost\nits process ended with status 9\nagain: npm run sim -- \S+exiting\.ts --from \d --seeds 1\n/,
  )
  t.regex(lastLine(out), LAST)
})

slowTest('Ctrl-C ends it with what is known so far', async (t) => {
  const args = ['scripts/run.mjs', 'sim/main.ts', 'counter', '--seeds', '100000', '--jobs', '1']
  const child = spawn(process.execPath, args, { cwd: root })
  const output = { out: '', err: '' }
  child.stdout.on('data', (chunk) => (output.out += chunk))
  child.stderr.on('data', (chunk) => {
    output.err += chunk
    if (String(chunk).includes('100000 seeds from 0')) child.kill('SIGINT')
  })

  const status = await new Promise((resolve) => child.once('close', resolve))

  t.is(status, 130, output.err)
  t.regex(output.out, /^interrupted$/m)
  t.regex(lastLine(output.out), LAST)
})

slowTest(
  'a second Ctrl-C ends it although a worker hangs, and leaves neither the worker nor its bundle behind',
  async (t) => {
    const file = join(folder(t), 'hanging.ts')
    writeFileSync(
      file,
      `import { scenario } from '@troupe/testkit'
    export const hanging = scenario({
      name: 'hanging',
      start: () => {
        console.log('pid', process.pid, import.meta.url)
        for (;;);
      },
    })`,
    )
    const child = spawn(process.execPath, ['scripts/run.mjs', 'sim/main.ts', file, '--jobs', '1'], { cwd: root })
    let err = ''
    child.stderr.on('data', (chunk) => {
      err += chunk
      if (!String(chunk).includes('pid ')) return
      child.kill('SIGINT')
      setTimeout(() => child.kill('SIGINT'), 700)
    })

    const status = await new Promise((resolve) => child.once('exit', resolve))

    t.is(status, 130, err)
    const [, pid, bundle] = /pid (\d+) (file:\S+)/.exec(err)!
    const until = performance.now() + 5_000
    while (isRunning(Number(pid)) && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20))
    t.false(isRunning(Number(pid)))
    t.false(existsSync(fileURLToPath(bundle!)))
  },
)

/** A process that has ended may wait for whoever takes note of it. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

test('a checker that throws is a violation of its run, and a page that cannot be written a wrong use', async (t) => {
  const path = folder(t)
  const repro = { format: 1, scenario: 'counter', seed: '1', nodes: 1, clients: 0, operations: 0, mode: 'fifo' }
  const rest = { nemesis: [], messageFaults: [], violation: { kind: 'safety', name: 'x' }, hash: '0'.repeat(16) }
  const file = join(path, 'repro.json')

  writeFileSync(
    join(path, 'broken.ts'),
    `import { scenario } from '@troupe/testkit'
    const checker = { name: 'checker', check: () => { throw new Error('the checker has a bug') } }
    export const broken = scenario({ name: 'broken', start: () => {}, checkers: [checker] })`,
  )
  writeFileSync(file, JSON.stringify({ ...repro, ...rest, file: 'broken.ts', durationMs: 1 }))
  const failed = await sim('replay', file)
  t.is(failed.status, 4, failed.err)
  t.regex(failed.out, /the checker has a bug/)

  writeFileSync(file, JSON.stringify({ ...repro, ...rest, durationMs: 1 }))
  const unwritten = await sim('replay', file, '--html', join(file, 'page.html'))
  t.is(unwritten.status, 2)
  t.regex(unwritten.err, /page\.html cannot be written: /)
})
