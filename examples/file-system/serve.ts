import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'
import { openDataFolder } from './data-folder.ts'
import { startProcessCluster } from './process-cluster.ts'
import { type UntilSignal, untilSignal } from './until-signal.ts'

export interface ServeOptions {
  /** Where the data are kept. */
  readonly folder: string
  /** Of the gateway. */
  readonly port: number
  readonly size: number
  write(text: string): unknown
}

/** How long a storage node that ended is left alone, in ms: long enough to see its copies made anew. */
const RESTART_MS = 5_000

/** Runs a cluster until a signal ends it. @returns the exit status */
export async function serve({ folder, port, size, write }: ServeOptions): Promise<number> {
  const signal = untilSignal()
  const data = await openDataFolder(folder, size)
  try {
    const ended = await serveUntilEnd(await startProcessCluster({ folder, port, size }), folder, signal, write)
    if (ended === null) write(`ended in order; the data are in ${folder}\n`)
    return ended === null ? 0 : 1
  } finally {
    await data.release()
    signal.dispose()
  }
}

/** @returns null after a signal, else what made it end; the cluster has stopped */
async function serveUntilEnd(
  cluster: Cluster,
  folder: string,
  signal: UntilSignal,
  write: (text: string) => unknown,
): Promise<string | null> {
  try {
    write(usage(cluster, folder))
    const ended = await Promise.race([signal.status.then(() => null), watchOver(cluster, write)])
    write(`${ended ?? 'ending: the gateway first, then the storage nodes'}\n`)
    return ended
  } finally {
    await cluster.stop()
  }
}

/** Starts storage nodes again that ended. Resolves with the reason when there is no going on. */
function watchOver(cluster: Cluster, write: (text: string) => unknown): Promise<string> {
  return new Promise((resolve) => {
    cluster.onExit((part, how) => {
      if (!cluster.nodes.includes(part)) return resolve(`${part} ended (${how}): ending the rest`)
      write(`storage node ${part} ended (${how}); the others make its copies anew, it comes back in 5 s\n`)
      void bringBack(cluster, part, write)
    })
  })
}

async function bringBack(cluster: Cluster, node: string, write: (text: string) => unknown): Promise<void> {
  for (;;) {
    await sleep(RESTART_MS, undefined, { ref: false })
    try {
      await cluster.restart(node)
      write(`storage node ${node} is back: ${cluster.describe(node)}\n`)
      return
    } catch (error) {
      write(`${error instanceof Error ? error.message : String(error)}; trying again\n`)
    }
  }
}

function usage(cluster: Cluster, folder: string): string {
  const { url, nodes } = cluster
  return `
gateway      ${url}   (open it in a browser)
data         ${folder}
nodes        ${nodes.map((node) => `${node}: ${cluster.describe(node)}`).join(', ')}

with curl    curl -T README.md ${url}/docs/
             curl ${url}/docs/README.md
             curl -r 0-99 ${url}/docs/README.md
             curl '${url}/?json'
             curl -X DELETE ${url}/docs/README.md

with npm     npm run fs -- put docs --gateway ${url}
             npm run fs -- ls docs/ --gateway ${url}
             npm run fs -- get docs/ copy-of-docs --gateway ${url}

to see it    kill -9 one of the processes above: nothing is lost, and it comes back
heal         Ctrl-C ends it all; the same data are there at the next start

`
}
