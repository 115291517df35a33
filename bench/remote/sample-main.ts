/**
 * The processes of a sample: `RUNTIME full|quick WORKLOAD...` starts the one that serves, and prints one line of JSON per
 * workload, or for `idle`. `serve RUNTIME` is that one.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { load } from './load.ts'
import { ownCpu, Sampler } from './sample.ts'
import type { WorkloadName } from './workloads.ts'

const [runtimeName, size, ...names] = process.argv.slice(2)
if (runtimeName === 'serve') await serve(size!)
else await sampleAll(runtimeName!, size === 'quick')

async function serve(name: string): Promise<void> {
  const runtime = await load(name)
  process.on('message', (what) => process.send!(what === 'cpu' ? ownCpu() : usedBytes()))
  process.on('disconnect', () => process.exit(0))
  process.send!(await runtime.serve!())
}

async function sampleAll(name: string, quick: boolean): Promise<void> {
  const runtime = await load(name)
  const server =
    runtime.serve === undefined ? null : fork(process.argv[1]!, ['serve', name], { execArgv: ['--expose-gc'] })
  const address = server === null ? '' : String((await once(server, 'message'))[0])
  const client = await runtime.connect(address)
  const sampler = new Sampler(client, client.serverCpu ?? (() => ask(server!, 'cpu')))
  for (const workload of names) {
    const found =
      workload !== 'idle'
        ? { measured: await sampler.sample(workload as WorkloadName, quick) }
        : { idle: runtime.idle === undefined ? null : await idle(runtime.idle, address, server!, quick ? 20 : 500) }
    console.log(JSON.stringify({ name: workload, ...found }))
  }
  server?.disconnect()
  // A runtime may keep timers or processes of its own.
  process.exit(0)
}

/** What one more connection costs the process that serves. */
async function idle(
  open: (address: string) => Promise<void>,
  address: string,
  server: ChildProcess,
  connections: number,
) {
  // The first may load something.
  await open(address)
  const before = await ask(server, 'bytes')
  for (let i = 0; i < connections; i++) await open(address)
  const after = await ask(server, 'bytes')
  return { connections, bytes: (after - before) / connections }
}

async function ask(server: ChildProcess, what: 'cpu' | 'bytes'): Promise<number> {
  const answer = once(server, 'message')
  server.send(what)
  return Number((await answer)[0])
}

function usedBytes(): number {
  const collect = (globalThis as { gc?: () => void }).gc!
  // What finalizers let go is collected by the second.
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
