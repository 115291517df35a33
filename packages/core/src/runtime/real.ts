import { hostRuntime } from './host.ts'
import type { Runtime } from './runtime.ts'
import { hostSignals } from './signals.ts'

/** The host's clock, event loop, entropy and signals: what a system uses unless told otherwise. */
export function realRuntime(): Runtime {
  const signals = hostSignals()
  return signals === null ? hostRuntime() : { ...hostRuntime(), signals }
}
