import { hash32 } from '@troupe/core'
import { parseSeed } from '@troupe/testkit'
import { overMemory } from './fuzz/over-memory.ts'
import { overSockets } from './fuzz/over-sockets.ts'
import { sum } from './fuzz/tally.ts'
import { Progress } from './progress.ts'
import type { Terminal } from './terminal.ts'

const USAGE = `usage: npm run fuzz -- [--frames N] [--from SEED]

  --frames N   how many frames, default 50000; one in 20 goes over a socket
  --from S     the seed, default 0: a number, or any text

status: 0 no crashes, 1 crashes, 2 called wrongly`

/** Of so many frames one goes over a socket: that costs as much as many in memory. */
const SOCKET_SHARE = 20

/**
 * What `npm run fuzz -- ARGS` does: frames that no honest node sends, to systems that listen.
 *
 * @returns its exit status: 0 when nothing but links was harmed, 1 when more was, 2 for a wrong use
 */
export async function fuzz(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = read(args)
  if (given === null) {
    terminal.err(`${USAGE}\n`)
    return 2
  }
  const { frames, seed } = given
  const progress = new Progress(terminal)
  let peakBytes = 0
  const watched = (before: number) => (sent: number) => {
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
    progress.show((before + sent) / frames, `${before + sent} of ${frames} frames`)
  }
  const ofSockets = Math.floor(frames / SOCKET_SHARE)
  const ofOpen = Math.floor((frames - ofSockets) / 2)
  const ofGuarded = frames - ofSockets - ofOpen
  const total = sum([
    await overMemory(ofOpen, seed, false, watched(0)),
    await overMemory(ofGuarded, seed + 1, true, watched(ofOpen)),
    await overSockets(ofSockets, seed),
  ])
  watched(ofOpen + ofGuarded)(ofSockets)
  progress.clear()
  for (const crash of total.crashes.slice(0, 10)) terminal.out(crash)
  const peak = Math.ceil(peakBytes / 2 ** 20)
  terminal.out(
    `${total.frames} frames, ${total.crashes.length} crashes, ${total.closed} links closed, peak memory ${peak} MiB`,
  )
  return total.crashes.length > 0 ? 1 : 0
}

/** @returns null for a wrong use */
function read(args: readonly string[]): { readonly frames: number; readonly seed: number } | null {
  let frames = 50_000
  let seed: number | string = 0
  for (let i = 0; i < args.length; i += 2) {
    const [name, value] = [args[i], args[i + 1]]
    if (name === '--frames' && value !== undefined && /^[1-9]\d{0,8}$/.test(value)) frames = Number(value)
    else if (name === '--from' && value !== undefined) seed = parseSeed(value)
    else return null
  }
  return { frames, seed: typeof seed === 'number' ? seed : hash32(seed) }
}
