/** One workload, the same for every runtime. Definitions follow the Savina suite; sizes are ours. */
export interface Workload {
  readonly name: WorkloadName
  /** What is counted, and what the figures are per. */
  readonly unit: string
  /** How many of these one pass does: what the actors themselves must have counted at its end. */
  readonly operations: number
  readonly size: Size
}

/** What a runtime needs to know to do one pass. */
export interface Size {
  /** How many actors of the main kind. */
  readonly actors: number
  /** How many operations each of them, or the one that starts things, does. */
  readonly each: number
}

export const WORKLOADS = [
  'pingpong',
  'counting',
  'ring',
  'big',
  'chameneos',
  'create',
  'fanIn',
  'fanOut',
  'bank',
  'ask',
  'asks',
  'async',
  'bounded',
] as const

export type WorkloadName = (typeof WORKLOADS)[number]

/** How many asks `asks` keeps in flight. */
export const IN_FLIGHT = 1_000
/** How many messages the mailbox of `bounded` holds. */
export const CAPACITY = 1_024

/** @param quick a tenth of the work: to see that it runs, not how fast */
export function workload(name: WorkloadName, quick: boolean): Workload {
  const [actors, many, unit] = SIZES[name]
  const each = quick ? Math.ceil(many / 10) : many
  return { name, unit, operations: OPERATIONS[name]?.(actors, each) ?? actors * each, size: { actors, each } }
}

/** Actors, operations each, unit. A pass takes 3 to 30 ms in a bare loop and up to a second in the slowest peer. */
const SIZES: Record<WorkloadName, readonly [actors: number, each: number, unit: string]> = {
  pingpong: [2, 50_000, 'message'],
  counting: [1, 200_000, 'message'],
  ring: [100, 1_000, 'hop'],
  big: [100, 1_000, 'message'],
  chameneos: [100, 20_000, 'meeting'],
  create: [1, 40_000, 'actor'],
  fanIn: [100, 1_000, 'message'],
  fanOut: [100, 1_000, 'message'],
  bank: [1_000, 50_000, 'transfer'],
  ask: [1, 20_000, 'ask'],
  asks: [1, 50_000, 'ask'],
  async: [100, 500, 'message'],
  bounded: [1, 100_000, 'message'],
}

/** Where it is not actors times operations. */
const OPERATIONS: Partial<Record<WorkloadName, (actors: number, each: number) => number>> = {
  // A ping and a pong each.
  big: (actors, each) => 2 * actors * each,
  chameneos: (_actors, meetings) => meetings,
  // An item to the sink and a reminder to itself each.
  fanIn: (actors, each) => 2 * actors * each,
  // A reminder per round besides.
  fanOut: (actors, each) => (actors + 1) * each,
  bank: (_actors, transfers) => transfers,
}
