/** The process that is soaked: `SECONDS`. Prints a line of JSON per look at the heap. */
import { createSystem } from '@troupe/core'
import { churn } from './churn.ts'

export interface Look {
  readonly seconds: number
  readonly operations: number
  /** Live, after a collection. */
  readonly heapBytes: number
}

/** Batches that overlap, so that there is always somebody to run. */
const BATCHES = 8

const seconds = Number(process.argv[2])
const system = await createSystem({ name: 'soak', log: false })
const startMs = performance.now()
let operations = 0

// What is compiled, and grows to the size it needs, belongs to the start.
await work(Math.min(10, seconds / 6))
await look()
do {
  await work(Math.min(30, seconds / 5, seconds - elapsed()))
  await look()
} while (elapsed() < seconds - 0.5)
await system.stop()

async function work(forSeconds: number): Promise<void> {
  const until = elapsed() + forSeconds
  const loop = async (): Promise<void> => {
    do operations += await churn(system)
    while (elapsed() < until)
  }
  await Promise.all(Array.from({ length: BATCHES }, loop))
}

async function look(): Promise<void> {
  // Deadlines of asks that were answered long ago may be kept until the next of them is due.
  await new Promise((resolve) => setTimeout(resolve, 100))
  globalThis.gc!()
  globalThis.gc!()
  const found: Look = { seconds: elapsed(), operations, heapBytes: process.memoryUsage().heapUsed }
  console.log(JSON.stringify(found))
}

function elapsed(): number {
  return (performance.now() - startMs) / 1e3
}
