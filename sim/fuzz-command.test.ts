import test from 'ava'
import { fuzz } from './fuzz-command.ts'

test('50,000 frames that no honest node sends close links, and harm nothing else (law 18)', async (t) => {
  const { status, out } = await asked('--frames', '50000', '--from', 'test')

  t.is(status, 0, out)
  const [, closed, peakMiB] = /^50000 frames, 0 crashes, (\d+) links closed, peak memory (\d+) MiB$/.exec(out) ?? []
  t.true(Number(closed) > 1_000, out)
  t.true(Number(peakMiB) > 0, out)
})

test('a wrong use is told how to use it', async (t) => {
  for (const args of [['--frames'], ['--frames', '0'], ['--frames', 'many'], ['--frame', '7'], ['7']]) {
    const { status, out, err } = await asked(...args)
    t.is(status, 2)
    t.is(out, '')
    t.regex(err, /^usage: npm run fuzz/)
  }
})

async function asked(...args: readonly string[]): Promise<{ status: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []]
  const terminal = { out: (line: string) => out.push(line), err: (text: string) => err.push(text), isTerminal: true }
  const status = await fuzz(args, terminal)
  return { status, out: out.join('\n'), err: err.join('') }
}
