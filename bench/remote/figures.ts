import { median } from '../bench.ts'
import type { IdleFigures } from './pairs.ts'
import type { Measured } from './sample.ts'
import type { WorkloadName } from './workloads.ts'

/** What came out for one workload in one runtime: medians of the samples. */
export interface Figure {
  /** By the clock. */
  readonly perSecond: number
  /** Per second of CPU, both processes together. */
  readonly perCpuSecond: number
  /** Of `perSecond`: largest minus smallest, over the median. */
  readonly spread: number
  readonly bytesPerMessage: number | null
  readonly p50Micros: number | null
  readonly p99Micros: number | null
}

export type Figures = Partial<Record<WorkloadName, Readonly<Record<string, Figure>>>> & {
  idle?: Readonly<Record<string, IdleFigures>>
}

/** Troupe's rate over another's; null where a run lacks the columns or workloads. */
export interface Ratios {
  /** Tells of 64 bytes, over the ceiling. */
  readonly tellVsCeiling: number | null
  /** Tells of 1 KiB, over the ceiling. */
  readonly tell1kVsCeiling: number | null
  /** Asks one after the other, over a round trip of a raw socket. */
  readonly askVsRaw: number | null
  /** Asks in flight, over the same. */
  readonly asksVsRaw: number | null
  /** Tells of 64 bytes, over Erlang distribution. */
  readonly vsErlang: number | null
}

export function figureOf(samples: readonly Measured[]): Figure {
  const rates = samples.map(({ operations, seconds }) => operations / seconds)
  const perSecond = median(rates)
  return {
    perSecond,
    perCpuSecond: median(samples.map(({ operations, cpuSeconds }) => operations / cpuSeconds)),
    spread: (Math.max(...rates) - Math.min(...rates)) / perSecond,
    bytesPerMessage: medianOf(samples.map(({ bytes, operations }) => (bytes === null ? null : bytes / operations))),
    p50Micros: medianOf(samples.map(({ p50Ms }) => (p50Ms === null ? null : p50Ms * 1e3))),
    p99Micros: medianOf(samples.map(({ p99Ms }) => (p99Ms === null ? null : p99Ms * 1e3))),
  }
}

/** @returns by the clock, and by the CPU time of both processes, which a busy neighbour changes less */
export function summarize(figures: Figures): Ratios & { readonly byCpu: Ratios } {
  return { ...ratios(figures, 'perSecond'), byCpu: ratios(figures, 'perCpuSecond') }
}

function ratios(figures: Figures, what: 'perSecond' | 'perCpuSecond'): Ratios {
  const over = (workload: WorkloadName, other: string): number | null => {
    const own = figures[workload]?.troupe?.[what]
    const theirs = figures[workload]?.[other]?.[what]
    return own === undefined || theirs === undefined ? null : own / theirs
  }
  return {
    tellVsCeiling: over('tell64', 'ceiling'),
    tell1kVsCeiling: over('tell1k', 'ceiling'),
    askVsRaw: over('ask', 'raw'),
    asksVsRaw: over('asks', 'raw'),
    vsErlang: over('tell64', 'erlang'),
  }
}

function medianOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : median(known)
}
