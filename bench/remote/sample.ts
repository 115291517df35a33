import { channel } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { Passes } from './passes.ts'
import type { Client } from './runtime.ts'
import type { WorkloadName } from './workloads.ts'

/** What one sample found about one workload. */
export interface Measured {
  readonly operations: number
  readonly seconds: number
  /** Of all threads of both processes. */
  readonly cpuSeconds: number
  /** Both ways, with all that the protocols above TCP add; null where that cannot be seen. */
  readonly bytes: number | null
  /** Of asks, in ms. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

/** Operations of one pass, and seconds of those that warm up and of those that count. */
const COUNT: Readonly<Record<WorkloadName, number>> = { ask: 500, asks: 20_000, tell64: 65_536, tell1k: 16_384 }
const WARM_UP_SECONDS = 1.5
const MEASURED_SECONDS = 1

const sockets: Socket[] = []
channel('net.client.socket').subscribe((message) => sockets.push((message as { socket: Socket }).socket))

/** @param serverCpu CPU seconds of the other process so far */
export class Sampler {
  readonly #passes: Passes
  readonly #serverCpu: () => Promise<number>

  constructor(client: Client, serverCpu: () => Promise<number>) {
    this.#passes = new Passes(client)
    this.#serverCpu = serverCpu
  }

  async sample(name: WorkloadName, quick: boolean): Promise<Measured> {
    await this.#run(name, quick, quick ? 0 : WARM_UP_SECONDS)
    return this.#run(name, quick, quick ? 0 : MEASURED_SECONDS)
  }

  async #run(name: WorkloadName, quick: boolean, leastSeconds: number): Promise<Measured> {
    const latenciesMs: number[] = []
    const count = quick ? COUNT[name] / 16 : COUNT[name]
    const startCpu = (await this.#serverCpu()) + ownCpu()
    const startBytes = bytes()
    const startMs = performance.now()
    let operations = 0
    let seconds = 0
    do {
      operations += await this.#passes.run(name, count, latenciesMs)
      seconds = (performance.now() - startMs) / 1e3
    } while (seconds < leastSeconds)
    const cpuSeconds = ownCpu() + (await this.#serverCpu()) - startCpu
    const sorted = latenciesMs.sort((a, b) => a - b)
    return {
      operations,
      seconds,
      cpuSeconds,
      bytes: sockets.length === 0 ? null : bytes() - startBytes,
      p50Ms: quantile(sorted, 0.5),
      p99Ms: quantile(sorted, 0.99),
    }
  }
}

export function ownCpu(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function bytes(): number {
  return sockets.reduce((sum, { bytesRead, bytesWritten }) => sum + bytesRead + bytesWritten, 0)
}

function quantile(sorted: readonly number[], part: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? null
}
