import type { Random } from '@troupe/core'
import type { LinkModel } from '@troupe/transport-memory/simulated'
import { drawLinks } from '../nemesis/draw-links.ts'
import type { Scenario } from './scenario.ts'

const DEFAULT_NODES = 3

/** Names of the nodes of a run: what the scenario says or leaves to the seed, and no more than `limit`. */
export function drawnNodes(random: Random, { nodes = DEFAULT_NODES }: Scenario, limit?: number): readonly string[] {
  if (Array.isArray(nodes)) return nodes.slice(0, limit)
  if (limit !== undefined) return numbered('n', limit)
  if (typeof nodes === 'number') return numbered('n', nodes)
  const { min, max } = nodes as { readonly min: number; readonly max: number }
  return numbered('n', min + random.stream('size').below(max - min + 1))
}

/** How the links of a run behave, where the scenario leaves that to the seed. */
export function drawnLinks(random: Random, { faults = {} }: Scenario): LinkModel {
  if (faults === false) return {}
  return drawLinks(random.stream('links'), faults.kinds?.includes('reset') ?? true)
}

/** `c1`, `c2`, `c3` */
export function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`)
}
