import { load } from './load.ts'

/** What actors cost that only wait. */
export interface IdleFigures {
  /** Live heap per actor after a collection, beyond the object that handles its messages. */
  readonly bytes: number
  /** A million of them, started and stopped by what started them. */
  readonly million?: Million
}

export interface Million {
  readonly actors: number
  readonly startSeconds: number
  readonly stopSeconds: number
}

const ACTORS = 50_000
const MANY = 1_000_000

/** @returns null when the runtime has nothing of the kind */
export async function measureIdle(runtime: string, quick: boolean): Promise<IdleFigures | null> {
  const { idle } = await load(runtime)
  if (idle === undefined) return null
  const count = quick ? ACTORS / 10 : ACTORS
  // Whatever the first of them brings along for all.
  await idle.actors(10)
  const handlers = await heapOf(() => idle.handlers(count))
  const actors = await heapOf(() => idle.actors(count))
  const bytes = (actors - handlers) / count
  if (idle.startAndStop === undefined) return { bytes }
  const many = quick ? MANY / 100 : MANY
  const [startMs, stopMs] = await idle.startAndStop(many)
  return { bytes, million: { actors: many, startSeconds: startMs / 1e3, stopSeconds: stopMs / 1e3 } }
}

async function heapOf(make: () => unknown[] | Promise<unknown[]>): Promise<number> {
  const before = await heap()
  const kept = await make()
  const after = await heap()
  // Read after the measurement: what nobody reads any more may be collected before it.
  if (kept.length === 0) throw new Error('nothing was kept')
  return after - before
}

async function heap(): Promise<number> {
  // What the event loop still holds is gone by then.
  await new Promise((resolve) => setTimeout(resolve, 20))
  globalThis.gc!()
  globalThis.gc!()
  return process.memoryUsage().heapUsed
}
