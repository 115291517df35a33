/** The process of a sample: `RUNTIME full|quick WORKLOAD...` prints one line of JSON per workload. */
import { sample } from './sample.ts'
import type { WorkloadName } from './workloads.ts'

const [runtime, size, ...workloads] = process.argv.slice(2)
for (const name of workloads) {
  console.log(JSON.stringify({ name, measured: await sample(runtime!, name as WorkloadName, size === 'quick') }))
}
// A runtime may keep timers or threads of its own.
process.exit(0)
