import { type BlockId, COPIES } from './block.ts'

/** Who has what, as the nodes themselves say. */
export type Inventories = ReadonlyMap<string, ReadonlySet<BlockId>>

export interface HealingPlan {
  /** Blocks this node is to copy, with the nodes that lack them. */
  readonly copies: readonly { readonly id: BlockId; readonly to: readonly string[] }[]
  /** Copies here that are one too many, with the nodes that must confirm theirs before this one goes. */
  readonly extras: readonly { readonly id: BlockId; readonly owners: readonly string[] }[]
}

/**
 * What one node has to do so that the first three nodes in a block's order hold it and no others. The first
 * holder in that order takes the lead, so nodes that see the same do no work twice; nodes that do not, do no harm.
 */
export function planHealing(self: string, inventories: Inventories, order: (id: BlockId) => string[]): HealingPlan {
  const copies: { id: BlockId; to: string[] }[] = []
  const extras: { id: BlockId; owners: string[] }[] = []
  for (const id of inventories.get(self) ?? []) {
    const ranked = order(id)
    const owners = ranked.slice(0, COPIES)
    const lacking = owners.filter((node) => inventories.get(node)?.has(id) !== true)
    if (lacking.length === 0) {
      if (!owners.includes(self)) extras.push({ id, owners })
    } else if (ranked.find((node) => inventories.get(node)?.has(id)) === self) copies.push({ id, to: lacking })
  }
  return { copies, extras }
}
