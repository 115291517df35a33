import type { Random, Transport } from '@troupe/core'
import { memoryNetwork } from '@troupe/transport-memory'

export interface SimulatedNetwork {
  transport(name: string): Transport
  crash(name: string): void
  cut(from: string, to: string): void
  restore(from: string, to: string): void
  partition(groups: readonly (readonly string[])[], options?: { readonly oneWay?: boolean }): void
  heal(): void
  clog(from: string, to: string): void
  unclog(from: string, to: string): void
  hold(from: string, to: string): void
  release(from: string, to: string): void
  reset(a: string, b: string): void
  address(name: string): string
}
export type LinkModel = object
export interface MessageFault {
  readonly link: string
  readonly n: number
  readonly fault: 'drop' | 'duplicate' | 'corrupt' | 'delay'
  readonly delayMs?: number
}

/** Stands in for the simulated network. */
export function simulatedNetwork(_options: { random: Random }): SimulatedNetwork {
  const network = memoryNetwork()
  const address = (name: string): string => `memory://${name}`
  const cuts = new Set<string>()
  const cut = (from: string, to: string): void => {
    cuts.add(JSON.stringify([from, to]))
    network.cut(address(from), address(to))
  }
  return {
    address,
    transport: (name) => network.transport(address(name)),
    crash: (name) => network.sever(address(name)),
    cut,
    restore: (from, to) => network.restore(address(from), address(to)),
    partition(groups) {
      for (const a of groups)
        for (const b of groups) if (a !== b) for (const from of a) for (const to of b) cut(from, to)
    },
    heal() {
      for (const pair of cuts) {
        const [from, to] = JSON.parse(pair) as [string, string]
        network.restore(address(from), address(to))
      }
      cuts.clear()
    },
    clog() {},
    unclog() {},
    hold() {},
    release() {},
    reset(a, b) {
      network.cut(address(a), address(b))
      network.restore(address(a), address(b))
    },
  }
}
