import { spawn } from 'node:child_process'
import type { Measured } from './sample.ts'
import type { WorkloadName } from './workloads.ts'

/** What starts the process of a sample. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
}

export type Samples = Partial<Record<WorkloadName, Measured | null>>

/** Runs a process that prints a line of JSON per workload. @throws {Error} when it ends badly, with what it said */
export function runSample({ file, args }: Command): Promise<Samples> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { out: '', err: '' }
  child.stdout.on('data', (chunk) => (output.out += chunk))
  child.stderr.on('data', (chunk) => (output.err += chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => {
      if (status !== 0) return reject(new Error(`${file} ${args.join(' ')} ended with ${status}\n${output.err}`))
      const lines = output.out.split('\n').filter((line) => line.startsWith('{'))
      const samples = lines.map((line) => JSON.parse(line) as { name: WorkloadName; measured: Measured | null })
      resolve(Object.fromEntries(samples.map(({ name, measured }) => [name, measured])))
    })
  })
}
