import { load } from './load.ts'
import type { Pass } from './runtime.ts'
import { type Workload, type WorkloadName, workload } from './workloads.ts'

/** What one sample found. */
export interface Measured {
  readonly operations: number
  /** Of all threads of the process: the collector's and the compiler's too. */
  readonly cpuSeconds: number
  readonly seconds: number
}

/** CPU time of the passes that compile and grow things, and of those that count. */
const WARM_UP_SECONDS = 0.25
const MEASURED_SECONDS = 0.3

/** Passes of at least so many CPU seconds, at least one. @throws {Error} when a pass has lost or doubled something */
export async function passes(pass: Pass, { name, operations }: Workload, leastSeconds: number): Promise<Measured> {
  const start = process.cpuUsage()
  const startMs = performance.now()
  for (let done = 1; ; done++) {
    const counted = await pass()
    if (counted !== operations) throw new Error(`${name}: ${counted} of ${operations} operations were counted`)
    const { user, system } = process.cpuUsage(start)
    const cpuSeconds = (user + system) / 1e6
    if (cpuSeconds < leastSeconds) continue
    return { operations: done * operations, cpuSeconds, seconds: (performance.now() - startMs) / 1e3 }
  }
}

/** @returns null when the runtime has no such workload */
export async function sample(runtime: string, name: WorkloadName, quick: boolean): Promise<Measured | null> {
  const prepare = (await load(runtime)).workloads[name]
  if (prepare === undefined) return null
  const task = workload(name, quick)
  const pass = await prepare(task.size)
  await passes(pass, task, quick ? 0 : WARM_UP_SECONDS)
  return passes(pass, task, quick ? 0 : MEASURED_SECONDS)
}
