import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createSystem } from '@troupe/core'
import test from 'ava'
import { slowTest } from '../scripts/slow-suite.ts'
import { passes } from './actors/sample.ts'
import { type Figure, summarize } from './actors/summary.ts'
import { WORKLOADS, workload } from './actors/workloads.ts'
import { rowsOf } from './bench.ts'
import { main } from './command.ts'
import { promisesMade } from './counting.ts'
import type { Figure as RemoteFigure } from './remote/figures.ts'
import { WORKLOADS as REMOTE_WORKLOADS } from './remote/workloads.ts'
import { CountingActor, tellAll } from './tally.ts'

interface Output {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

/** In this process: enough for what measures in processes of its own, or not at all. */
async function called(...args: readonly string[]): Promise<Output> {
  const printed = { out: '', err: '' }
  const out = {
    log: (text: string) => (printed.out += `${text}\n`),
    error: (text: string) => (printed.err += `${text}\n`),
  }
  return { status: await main(args, out), ...printed }
}

/** `npm run bench -- ARGS`, without npm: for what measures in the process of the command. One at a time, as all that measure. */
function bench(...args: readonly string[]): Promise<Output> {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const child = spawn(process.execPath, ['scripts/run.mjs', 'bench/main.ts', ...args], { cwd: root })
  const output = { out: '', err: '' }
  child.stdout.on('data', (chunk) => (output.out += chunk))
  child.stderr.on('data', (chunk) => (output.err += chunk))
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, ...output })))
}

test.serial('a tell of a sync handler makes no promise', async (t) => {
  const system = await createSystem({ name: 'counted', log: false })
  const actor = new CountingActor()
  const ref = system.spawn(actor.definition)

  // A handful is made by waiting for the end.
  const promises = await promisesMade(() => tellAll(ref, actor, 10_000, 10_000))

  t.true(promises < 100, `${promises} promises`)
  await system.stop()
})

slowTest(
  'a tell of a sync handler makes no promise and less than 8 bytes of garbage; --json prints one object',
  async (t) => {
    const { status, out, err } = await bench('tell', '--quick', '--rounds=1', '--json')

    t.is(status, 0, err)
    const result = JSON.parse(out)
    t.like(result, { bench: 'tell', rounds: 1, unit: 'ns', node: process.version })
    t.deepEqual(result.rows.map(({ name }: { name: string }) => name).slice(0, 3), ['bare loop', 'tell', 'ask'])
    for (const row of result.rows) t.true(row.median > 0 && row.min <= row.median && row.median <= row.max, row.name)
    t.is(Number(result.counted.promisesPerTell.toFixed(3)), 0)
    t.true(result.counted.bytesPerTell < 8, `${result.counted.bytesPerTell} bytes`)
  },
)

slowTest('a hello world prints its first line within 1 s', async (t) => {
  const { status, out, err } = await called('hello', '--rounds=1', '--json')

  t.is(status, 0, err)
  // More where node alone takes longer than 60 ms: other tests run at the same time.
  const [node, ...hellos] = JSON.parse(out).rows as { name: string; min: number }[]
  const limitMs = 1_000 * Math.max(1, node!.min / 60)
  t.true(hellos.length > 0)
  for (const { name, min } of hellos) t.true(min < limitMs, `${name}: ${min} ms of ${limitMs}`)
})

slowTest('a page that is a node loads nothing of Node, neither ws nor rxjs, and at most 53 KiB of gzip', async (t) => {
  const { status, out, err } = await called('bundle', '--json')

  t.is(status, 0, err)
  const { gzipBytes, inputs } = JSON.parse(out) as { gzipBytes: number; inputs: string[] }
  t.true(gzipBytes > 10 * 1024 && gzipBytes <= 53 * 1024, `${gzipBytes} bytes`)
  t.true(inputs.some((path) => path.endsWith('transport-ws/src/browser.ts')))
  t.deepEqual(
    inputs.filter((path) => /^node:|node_modules\/(ws|rxjs)\//.test(path)),
    [],
  )
})

slowTest('the workloads run in Troupe and in the bare loop, and ratios between the two come out', async (t) => {
  const { status, out, err } = await called('actors', '--quick', '--rounds=1', '--runtimes=troupe,bare', '--json')

  t.is(status, 0, err)
  const { workloads, idle, summary } = JSON.parse(out)
  t.deepEqual(Object.keys(workloads), [...WORKLOADS])
  for (const name of WORKLOADS) {
    t.deepEqual(Object.keys(workloads[name]), ['troupe', 'bare'])
    for (const { opsPerCpuSecond } of Object.values<Figure>(workloads[name])) t.true(opsPerCpuSecond > 0, name)
  }
  t.true(idle.troupe.bytes > 0)
  t.true(summary.worstVsBare > 0 && summary.worstVsBare <= summary.vsBare)
  t.true(WORKLOADS.includes(summary.worstVsBareWorkload))
  t.like(summary, { vsErlang: null, vsBestPeer: null })
})

slowTest('two processes tell and ask each other over sockets, and ratios of rates come out', async (t) => {
  const { status, out, err } = await called(
    'remote',
    '--quick',
    '--rounds=1',
    '--runtimes=troupe,raw,ceiling',
    '--json',
  )

  t.is(status, 0, err)
  const { workloads, summary } = JSON.parse(out)
  t.deepEqual(Object.keys(workloads), [...REMOTE_WORKLOADS, 'idle'])
  for (const name of REMOTE_WORKLOADS) {
    t.deepEqual(Object.keys(workloads[name]), ['troupe', 'raw', 'ceiling'])
    for (const figure of Object.values<RemoteFigure>(workloads[name])) {
      t.true(figure.perSecond > 0 && figure.perCpuSecond > 0 && Number(figure.bytesPerMessage) > 0, name)
    }
  }
  t.true(workloads.ask.troupe.p50Micros > 0 && workloads.ask.troupe.p50Micros <= workloads.ask.troupe.p99Micros)
  t.true(workloads.idle.troupe.bytes > 0)
  t.true(summary.tellVsCeiling > 0 && summary.askVsRaw > 0)
  t.is(summary.vsErlang, null)
})

test('a pass that has lost a message ends the bench', async (t) => {
  const pingpong = workload('pingpong', true)

  const { operations } = await passes(() => pingpong.operations, pingpong, 0)
  t.is(operations, pingpong.operations)

  const error = await t.throwsAsync(passes(() => pingpong.operations - 1, pingpong, 0))
  t.is(error.message, 'pingpong: 9999 of 10000 operations were counted')
})

test('ratios are geometric means over the workloads that both have, with the worst of them', (t) => {
  const figure = (opsPerCpuSecond: number): Figure => ({ opsPerCpuSecond, spread: 0, opsPerSecond: 0, samples: [] })

  const summary = summarize({
    ring: { troupe: figure(8), bare: figure(4), nact: figure(2), xstate: figure(4) },
    bank: { troupe: figure(8), bare: figure(16), erlang: figure(2) },
    bounded: { bare: figure(1) },
  })

  t.deepEqual(summary, {
    vsBare: 1,
    worstVsBare: 0.5,
    worstVsBareWorkload: 'bank',
    vsErlang: 4,
    worstVsErlang: 4,
    worstVsErlangWorkload: 'bank',
    vsBestPeer: 2,
    worstVsBestPeer: 2,
    worstVsBestPeerWorkload: 'ring',
  })
})

test.serial('how late timers and sockets are beside a flood comes out, and what that costs the flood', async (t) => {
  const { status, out, err } = await called('fairness', '--quick', '--rounds=1', '--json')

  t.is(status, 0, err)
  const { lateMs, throughput } = JSON.parse(out)
  t.deepEqual(Object.keys(lateMs).slice(0, 3), ['setTimeout', 'context.after', 'socket echo'])
  // Not how late: on a busy machine that is the machine's doing.
  for (const what of Object.keys(lateMs).slice(0, 3)) t.true(lateMs[what].samples > 0, what)
  t.true(throughput > 0)
})

test.serial('a short soak leaves nothing behind', async (t) => {
  const { status, out, err } = await called('soak', '--quick', '--json')

  t.is(status, 0, err)
  const { operations, grownBytes, toleranceBytes } = JSON.parse(out)
  t.true(operations > 0)
  t.true(grownBytes <= toleranceBytes)
})

test('the checker is measured on histories whose verdict it gets right', async (t) => {
  const { status, out, err } = await called('checker', '--quick', '--rounds=1', '--json')

  t.is(status, 0, err)
  for (const { name, min } of JSON.parse(out).rows as { name: string; min: number }[]) t.true(min > 0, name)
})

test('a bench that does not exist, and an option that does not, bring the list and exit status 2', async (t) => {
  const [wrong, odd, foreign, none] = await Promise.all([
    called('nope'),
    called('tell', '--fast'),
    called('tell', '--minutes=1'),
    called(),
  ])

  for (const { err } of [wrong, odd, foreign, none]) t.regex(err, /usage: npm run bench[^]* tell [^]* hello /)
  t.regex(wrong.err, /there is no bench called nope/)
  t.regex(odd.err, /unknown option --fast/)
  t.deepEqual(
    [wrong, odd, foreign, none].map(({ status }) => status),
    [2, 2, 2, 0],
  )
})

test('figures are medians of rounds, and ratios are to the first row', (t) => {
  const rows = rowsOf(
    ['a', 'b'],
    [
      [3, 1, 2],
      [8, 4],
    ],
  )

  t.deepEqual(rows, [
    { name: 'a', median: 2, min: 1, max: 3, ratio: 1 },
    { name: 'b', median: 6, min: 4, max: 8, ratio: 3 },
  ])
})

slowTest('idle connections and clients that come in are measured beside bare sockets', async (t) => {
  const { status, out, err } = await called('connections', '--quick', '--json')

  t.is(status, 0, err)
  const { idle, ours, bare, timesBare } = JSON.parse(out)
  t.is(idle.count, 50)
  t.true(ours.allMs > 0 && bare.allMs > 0 && timesBare > 0)
})
