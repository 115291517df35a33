// The distributed file system: `demo` shows it, `serve` runs it. See README.md.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runDemo } from './demo.ts'
import { startMemoryCluster } from './memory-cluster.ts'
import { startProcessCluster } from './process-cluster.ts'

const SIZE = 5

async function demo(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { 'in-process': { type: 'boolean' }, 'generate-mib': { type: 'string', default: '64' } },
  })
  const folder = await mkdtemp(join(tmpdir(), 'troupe-fs-'))
  const start = values['in-process'] ? startMemoryCluster : startProcessCluster
  const cluster = await start({ folder, size: SIZE, port: 0 })
  try {
    const generatedBytes = Number(values['generate-mib']) * 1024 * 1024
    const good = await runDemo(cluster, { generatedBytes, out: process.stdout, progress: process.stdout })
    return good ? 0 : 1
  } finally {
    await cluster.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

process.exitCode = await demo(process.argv.slice(3))
