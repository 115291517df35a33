import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { rowsOf } from './bench.ts'

interface Output {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

/** Runs `npm run bench -- ARGS`, without npm. */
function bench(...args: readonly string[]): Promise<Output> {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const child = spawn(process.execPath, ['scripts/run.mjs', 'bench/main.ts', ...args], { cwd: root })
  const output = { out: '', err: '' }
  child.stdout.on('data', (chunk) => (output.out += chunk))
  child.stderr.on('data', (chunk) => (output.err += chunk))
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, ...output })))
}

test('a tell of a sync handler makes no promise and less than 8 bytes of garbage; --json prints one object', async (t) => {
  const { status, out, err } = await bench('tell', '--quick', '--rounds=1', '--json')

  t.is(status, 0, err)
  const result = JSON.parse(out)
  t.like(result, { bench: 'tell', rounds: 1, unit: 'ns', node: process.version })
  t.deepEqual(result.rows.map(({ name }: { name: string }) => name).slice(0, 3), ['bare loop', 'tell', 'ask'])
  for (const row of result.rows) t.true(row.median > 0 && row.min <= row.median && row.median <= row.max, row.name)
  t.is(Number(result.counted.promisesPerTell.toFixed(3)), 0)
  t.true(result.counted.bytesPerTell < 8, `${result.counted.bytesPerTell} bytes`)
})

test('a hello world prints its first line within 1 s', async (t) => {
  const { status, out, err } = await bench('hello', '--rounds=3', '--json')

  t.is(status, 0, err)
  // The least of three, and more where node alone takes longer than 60 ms: other tests run at the same time.
  const [node, ...hellos] = JSON.parse(out).rows as { name: string; min: number }[]
  const limitMs = 1_000 * Math.max(1, node!.min / 60)
  t.true(hellos.length > 0)
  for (const { name, min } of hellos) t.true(min < limitMs, `${name}: ${min} ms of ${limitMs}`)
})

test('a bench that does not exist, and an option that does not, bring the list and exit status 2', async (t) => {
  const [wrong, odd, none] = await Promise.all([bench('nope'), bench('tell', '--fast'), bench()])

  for (const { err } of [wrong, odd, none]) t.regex(err, /usage: npm run bench[^]* tell [^]* hello /)
  t.regex(wrong.err, /there is no bench called nope/)
  t.regex(odd.err, /unknown option --fast/)
  t.deepEqual(
    [wrong, odd, none].map(({ status }) => status),
    [2, 2, 0],
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
