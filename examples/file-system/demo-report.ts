import { COPIES } from './block.ts'
import type { Cluster } from './cluster.ts'
import type { CopyCount } from './cluster-view.ts'
import type { DemoResult } from './demo-result.ts'
import { formatBytes, formatMs } from './format.ts'

/** What happened, as lines of two columns. */
export function demoTable(cluster: Cluster, result: DemoResult): string {
  const living = cluster.nodes.filter((node) => !result.victim.startsWith(`${node} `))
  const rate = (ms: number): string => `${formatMs(ms)}, ${formatBytes(Math.round((result.bytes / ms) * 1_000))}/s`
  const rows: [string, string][] = [
    ['gateway', cluster.url],
    ...living.map((node): [string, string] => [`storage node ${node}`, cluster.describe(node)]),
    ['killed', `${result.victim}, after ${formatBytes(result.killedAtBytes)} of ${formatBytes(result.bytes)}`],
    ['copies of each block', String(COPIES)],
    ['before the kill', copies(result.beforeKill)],
    ['right after the kill', copies(result.afterKill)],
    ['writes given to another node', `${result.retries} copies, while the dead node was not yet known to be dead`],
    ['after healing', copies(result.afterHealing)],
    ['stored in', rate(result.storeMs)],
    ['kill to healed', formatMs(result.healMs)],
    ['read back in', rate(result.verifyMs)],
    ['a range over two blocks', result.rangeIsRight ? 'equal' : 'DIFFERENT'],
    ...result.lost.map((name): [string, string] => ['LOST', name]),
  ]
  const width = Math.max(...rows.map(([label]) => label.length))
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`).join('\n')
}

function copies({ nodes, blocks, copies, under }: CopyCount): string {
  return `${blocks} blocks, ${copies} copies on ${nodes} nodes, ${under} with fewer than ${COPIES}`
}

/** The line that says it all; scripts look for it. */
export function lastLine({ files, bytes, nodes, healed, verified, lost }: DemoResult): string {
  const stored = `stored ${files} files (${bytes} bytes) on ${nodes} processes, killed 1, healed ${healed} copies`
  return `${stored}, verified ${verified} of ${files}, lost ${lost.length}`
}
