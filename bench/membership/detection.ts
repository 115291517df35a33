import { settled } from '../../packages/core/src/testing/gossip-loop.ts'

/** Of many crashes in a cluster of five, when the first of the others took the victim for unreachable, in ms. */
export interface Detection {
  readonly crashes: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly mostMs: number
}

/** A process that is killed, its connections silent: found by probes alone, with the defaults. */
export function measureDetection(crashes: number): Detection {
  const times: number[] = []
  for (let seed = 1; seed <= crashes; seed++) {
    const loop = settled(5, { seed })
    loop.run(5_000 + (seed % 1_000))
    const victim = loop.node(`n${seed % 5}`)
    victim.crashed = true
    const isFound = (): boolean => loop.living.some(({ machine }) => machine.member(victim.uid)?.reachable === false)
    const ms = loop.until(isFound, 60_000)
    if (ms === null) throw new Error(`seed ${seed}: not found within a minute`)
    times.push(ms)
  }
  times.sort((a, b) => a - b)
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))]!
  return { crashes, p50Ms: at(0.5), p99Ms: at(0.99), mostMs: at(1) }
}
