import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Bench, type Report, type RunOptions, rowsOf, rowsReport } from './bench.ts'

interface Program {
  readonly name: string
  readonly args: readonly string[]
}

/** From the start of `node` to the first line a hello world prints: what a newcomer waits for. */
export const hello: Bench = {
  name: 'hello',
  about: 'time from `node` to the first line of a hello world; must stay below 1 s',
  rounds: 7,
  async run({ rounds }: RunOptions): Promise<Report> {
    const programs = await allPrograms()
    const times: number[][] = programs.map(() => [])
    // Round -1 fills the caches of the disk and of tsx.
    for (let round = -1; round < rounds; round++) {
      for (const [i, { args }] of programs.entries()) {
        const ms = await firstLineMs(args)
        if (round >= 0) times[i]!.push(ms)
      }
    }
    const names = programs.map(({ name }) => name)
    return rowsReport('ms', rowsOf(names, times))
  },
}

async function allPrograms(): Promise<Program[]> {
  // Plain JavaScript, without types of its own.
  const runTypescript = new URL('../scripts/run-typescript.mjs', import.meta.url)
  const { nodeOptions } = (await import(runTypescript.href)) as { nodeOptions: readonly string[] }
  const built = existsSync(path('../packages/core/dist/index.js'))
  return [
    { name: 'node itself', args: ['-e', 'console.log("hello")'] },
    { name: 'hello, from the sources', args: [...nodeOptions, path('../examples/hello.ts')] },
    ...(built ? [{ name: 'hello, built', args: [path('./hello.mjs')] }] : []),
  ]
}

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url))
}

function firstLineMs(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const startMs = performance.now()
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let tookMs: number | null = null
    child.stdout.once('data', () => {
      tookMs = performance.now() - startMs
    })
    child.on('error', reject)
    child.on('exit', (status) => {
      if (tookMs !== null && status === 0) resolve(tookMs)
      else reject(new Error(`node ${args.join(' ')} ended with ${status} and printed nothing`))
    })
  })
}
