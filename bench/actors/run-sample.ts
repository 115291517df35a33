import { spawn } from 'node:child_process'
import type { Command } from './build.ts'
import type { IdleFigures } from './idle.ts'
import type { Measured } from './sample.ts'

/** What a process said about one workload, or about idle actors. Null: its runtime has no such thing. */
export interface Line {
  readonly name: string
  readonly measured?: Measured | null
  readonly idle?: IdleFigures | null
}

/** Runs a process that prints a line of JSON per workload. @throws {Error} when it ends badly, with what it said */
export function runSample({ file, args }: Command): Promise<Line[]> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { out: '', err: '' }
  child.stdout.on('data', (chunk) => (output.out += chunk))
  child.stderr.on('data', (chunk) => (output.err += chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => {
      const lines = output.out.split('\n').filter((line) => line.startsWith('{'))
      if (status === 0) resolve(lines.map((line) => JSON.parse(line) as Line))
      else reject(new Error(`${file} ${args.join(' ')} ended with ${status}: ${output.err}`))
    })
  })
}
