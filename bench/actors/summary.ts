import { median } from '../bench.ts'
import type { Measured } from './sample.ts'
import type { WorkloadName } from './workloads.ts'

/** What came out for one workload in one runtime. */
export interface Figure {
  /** Median of the rounds. */
  readonly opsPerCpuSecond: number
  /** Largest minus smallest, over the median. */
  readonly spread: number
  /** The same by the clock on the wall. */
  readonly opsPerSecond: number
  readonly samples: readonly number[]
}

export type Figures = Partial<Record<WorkloadName, Readonly<Record<string, Figure>>>>

/** Other actor frameworks of JavaScript: the best of them is what a user would otherwise have. */
export const PEERS: readonly string[] = ['nact', 'comedy', 'xstate', 'effect']

export function figure(samples: readonly Measured[]): Figure {
  const rates = samples.map(({ operations, cpuSeconds }) => operations / cpuSeconds)
  const opsPerCpuSecond = median(rates)
  return {
    opsPerCpuSecond,
    spread: (Math.max(...rates) - Math.min(...rates)) / opsPerCpuSecond,
    opsPerSecond: median(samples.map(({ operations, seconds }) => operations / seconds)),
    samples: rates,
  }
}

/** Null where a run lacks the columns, or the workloads, that a ratio needs. */
export interface Summary {
  readonly vsBare: number | null
  readonly worstVsBare: number | null
  readonly worstVsBareWorkload: string | null
  readonly vsErlang: number | null
  readonly worstVsErlang: number | null
  readonly worstVsErlangWorkload: string | null
  readonly vsBestPeer: number | null
  readonly worstVsBestPeer: number | null
  readonly worstVsBestPeerWorkload: string | null
}

/** Troupe's rate over another's, as geometric means over the workloads that both have, and the smallest ratio. */
export function summarize(figures: Figures): Summary {
  const [vsBare, worstVsBare, worstVsBareWorkload] = compare(figures, ({ bare }) => bare?.opsPerCpuSecond)
  const [vsErlang, worstVsErlang, worstVsErlangWorkload] = compare(figures, ({ erlang }) => erlang?.opsPerCpuSecond)
  const [vsBestPeer, worstVsBestPeer, worstVsBestPeerWorkload] = compare(figures, bestPeer)
  return {
    vsBare,
    worstVsBare,
    worstVsBareWorkload,
    vsErlang,
    worstVsErlang,
    worstVsErlangWorkload,
    vsBestPeer,
    worstVsBestPeer,
    worstVsBestPeerWorkload,
  }
}

type Row = Readonly<Record<string, Figure>>

/** The rate of the best of the peers; undefined when none has the workload. */
export function bestPeer(row: Row): number | undefined {
  const rates = PEERS.map((peer) => row[peer]?.opsPerCpuSecond).filter((rate) => rate !== undefined)
  return rates.length === 0 ? undefined : Math.max(...rates)
}

function compare(
  figures: Figures,
  rateOf: (row: Row) => number | undefined,
): [mean: number | null, worst: number | null, workload: string | null] {
  let logs = 0
  let count = 0
  let worst: number | null = null
  let workload: string | null = null
  for (const [name, row] of Object.entries(figures)) {
    const rate = rateOf(row)
    if (row.troupe === undefined || rate === undefined) continue
    const ratio = row.troupe.opsPerCpuSecond / rate
    logs += Math.log(ratio)
    count++
    if (worst !== null && ratio >= worst) continue
    worst = ratio
    workload = name
  }
  return [count === 0 ? null : Math.exp(logs / count), worst, workload]
}
