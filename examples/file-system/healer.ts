import { type Actor, actor, type Protocol, protocol, type Ref } from '@troupe/core'
import type { BlockId } from './block.ts'
import { BlockStore, nodeOf } from './block-store.ts'
import { type HealingOptions, type HealingOutcome, HealingRounds } from './healing-rounds.ts'
import { LivingStores } from './living-stores.ts'

/** Makes lost copies anew. One per node; all of them together do the work of each block once. */
export interface Healer {
  /** Nodes came or went. */
  changed: (stores: readonly Ref<BlockStore>[]) => void
  /** Time to look whether something is missing. */
  look: () => void
  looked: (outcome: HealingOutcome) => void
  failed: (error: Error) => void
  /** A copy here was damaged and is gone. */
  lost: (id: BlockId) => void
  fetched: () => void
  report: () => HealerReport
}

export interface HealerReport {
  readonly node: string
  /** Copies made on other nodes, or fetched from them, since the start. */
  readonly healed: number
  /** Copies removed here because three others had theirs. */
  readonly dropped: number
}

export const Healer: Protocol<Healer> = protocol<Healer>('file-system.healer')

export interface HealerOptions extends HealingOptions {
  /** How often to look without a cause, in ms: finds what a write left with a stand-in. */
  readonly periodMs: number
}

export function healer(options: HealerOptions): Actor<Healer> {
  return actor(Healer, (ctx) => {
    ctx.register(Healer)
    ctx.subscribe(BlockStore, 'changed')
    ctx.every(options.periodMs, 'look')
    const rounds = new HealingRounds(ctx, options)
    let stores = new LivingStores([])
    let looking = false
    let next: { cancel(): void } | null = null

    const lookIn = (ms: number): void => {
      next?.cancel()
      next = ctx.after(ms, 'look')
    }
    return {
      changed: (refs) => {
        stores = new LivingStores(refs)
        lookIn(options.settleMs)
      },
      look: () => {
        if (looking) return
        looking = true
        ctx.pipe(rounds.run(stores), 'looked', 'failed')
      },
      looked: ({ againMs }) => {
        looking = false
        if (againMs !== null) lookIn(againMs)
      },
      failed: (error) => {
        // A node went away meanwhile, most often: the next round sees who is left.
        ctx.log.debug('healing was cut short', error)
        looking = false
        lookIn(options.settleMs)
      },
      lost: (id) => ctx.pipe(rounds.fetch(id, stores), 'fetched', 'failed'),
      fetched: () => lookIn(options.settleMs),
      report: () => ({ node: nodeOf(options.store), ...rounds.counts }),
    }
  })
}
