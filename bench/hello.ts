import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { median } from './runner.ts'

const run = promisify(execFile)
const script = fileURLToPath(new URL('../scripts/run.mjs', import.meta.url))
const example = fileURLToPath(new URL('../examples/hello.ts', import.meta.url))

export interface HelloReport {
  readonly bench: 'hello'
  /** From starting `node` to the end of the process, TypeScript loaded unbuilt. Median. */
  readonly helloMs: number
  /** The same for a process that does nothing: what no program can go below. */
  readonly emptyMs: number
}

export async function hello(rounds: number): Promise<HelloReport> {
  const hellos: number[] = []
  const empties: number[] = []
  for (let round = 0; round < rounds; round++) {
    empties.push(await timed(['-e', '0'], ''))
    hellos.push(await timed([script, example], 'hello, the count is 42\n'))
  }
  return { bench: 'hello', helloMs: median(hellos), emptyMs: median(empties) }
}

export function helloText({ helloMs, emptyMs }: HelloReport): string {
  return `hello world ${helloMs.toFixed(0)} ms, an empty process ${emptyMs.toFixed(0)} ms`
}

async function timed(args: readonly string[], expected: string): Promise<number> {
  const start = performance.now()
  const { stdout } = await run(process.execPath, args)
  if (stdout !== expected) throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(stdout)}`)
  return performance.now() - start
}
