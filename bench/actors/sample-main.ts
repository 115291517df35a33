/** The process of a sample: `RUNTIME full|quick WORKLOAD...` prints one line of JSON per workload, or for `idle`. */
import { measureIdle } from './idle.ts'
import { sample } from './sample.ts'
import type { WorkloadName } from './workloads.ts'

const [runtime, size, ...names] = process.argv.slice(2)
const quick = size === 'quick'
for (const name of names) {
  const found =
    name === 'idle'
      ? { idle: await measureIdle(runtime!, quick) }
      : { measured: await sample(runtime!, name as WorkloadName, quick) }
  console.log(JSON.stringify({ name, ...found }))
}
// A runtime may keep timers or threads of its own.
process.exit(0)
