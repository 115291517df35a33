import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runDemo } from './demo.ts'
import { startMemoryCluster } from './memory-cluster.ts'
import { startProcessCluster } from './process-cluster.ts'
import type { Output } from './progress.ts'
import { untilSignal } from './until-signal.ts'

export interface DemoRunOptions {
  readonly size: number
  readonly isInProcess: boolean
  readonly generatedBytes: number
  /** The folder to store; default: the project itself. */
  readonly source?: string | undefined
  readonly out: Output
}

/** How long a node may be gone before it counts as dead, in ms: shorter than in `serve`, because people watch. */
const GRACE_MS = 1_000

/** The demonstration from nothing to nothing: its processes and its folder are gone afterwards, however it ended. */
export async function demoRun({ size, isInProcess, generatedBytes, source, out }: DemoRunOptions): Promise<number> {
  const signal = untilSignal()
  const folder = await mkdtemp(join(tmpdir(), 'troupe-file-system-run-'))
  try {
    const start = isInProcess ? startMemoryCluster : startProcessCluster
    const cluster = await start({ folder, size, port: 0, disconnectGraceMs: GRACE_MS })
    try {
      // After a signal it fails, because everything is taken away from it: nobody is to hear of that.
      let isEnding = false
      const write = (content: string | Uint8Array): unknown => isEnding || out.write(content)
      const options = { generatedBytes, folder: source, out: { ...terminalOf(out), write } }
      const run = runDemo(cluster, options).then((isGood) => (isGood ? 0 : 1))
      run.catch(() => {})
      const status = await Promise.race([run, signal.status])
      isEnding = true
      if (status > 1) out.write('\ninterrupted: ending the processes, removing their data\n')
      return status
    } finally {
      await cluster.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    signal.dispose()
  }
}

function terminalOf({ isTTY, columns }: Output): Pick<Output, 'isTTY' | 'columns'> {
  return { ...(isTTY === undefined ? {} : { isTTY }), ...(columns === undefined ? {} : { columns }) }
}
