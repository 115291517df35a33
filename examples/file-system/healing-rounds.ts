import type { Context, Ref } from '@troupe/core'
import type { BlockId } from './block.ts'
import { type BlockStore, nodeOf } from './block-store.ts'
import { type HealingPlan, type Inventories, planHealing } from './healing-plan.ts'
import { Limit } from './limit.ts'
import type { LivingStores } from './living-stores.ts'
import { unpackIds } from './packed-ids.ts'

export interface HealingOptions {
  /** The blocks of this node. */
  readonly store: Ref<BlockStore>
  /** Quiet time after a change before anybody acts, in ms: nodes often come and go together. */
  readonly settleMs: number
}

/** What a round has led to. */
export interface HealingOutcome {
  /** When to look again, in ms from now; null when there is nothing left to do. */
  readonly againMs: number | null
}

/** Copies under way at once: enough to keep a disk busy, few enough to leave room for users. */
const AT_ONCE = 4
/** How long to leave a node alone that could not take a copy, in ms: its disk may be full. */
const RETRY_MS = 5_000

/** One look around after another, with what they have done so far. */
export class HealingRounds {
  readonly counts = { healed: 0, dropped: 0 }
  readonly #ctx: Pick<Context<never>, 'signal' | 'log'>
  readonly #store: Ref<BlockStore>
  readonly #settleMs: number
  readonly #limit = new Limit(AT_ONCE)
  /** What was to be copied in the round before: see {@link #confirmed}. */
  #suspected = new Set<BlockId>()

  constructor(ctx: Pick<Context<never>, 'signal' | 'log'>, { store, settleMs }: HealingOptions) {
    this.#ctx = ctx
    this.#store = store
    this.#settleMs = settleMs
  }

  async run(stores: LivingStores): Promise<HealingOutcome> {
    const inventories = await takeInventory(stores)
    const plan = planHealing(nodeOf(this.#store), inventories, (id) => stores.order(id))
    const ready = this.#confirmed(plan)
    const work = [
      ...ready.map(
        ({ id, to }) =>
          () =>
            this.#copy(id, to, stores),
      ),
      ...plan.extras.map(
        ({ id, owners }) =>
          () =>
            this.#drop(id, owners, stores),
      ),
    ]
    const results = await Promise.allSettled(work.map((step) => this.#limit.run(step)))
    const failed = results.filter((result) => result.status === 'rejected')
    if (failed.length > 0) {
      this.#ctx.log.warn(`${failed.length} copies could not be mended, trying again later: ${failed[0]?.reason}`)
      return { againMs: RETRY_MS }
    }
    return { againMs: ready.length < plan.copies.length ? this.#settleMs : null }
  }

  /** Fetches a block that should be here from whoever has it. */
  async fetch(id: BlockId, stores: LivingStores): Promise<void> {
    const self = nodeOf(this.#store)
    for (const node of stores.order(id)) {
      if (node === self) continue
      const bytes = await stores
        .ref(node)
        .ask('get', id)
        .catch(() => undefined)
      if (bytes === undefined) continue
      if (await this.#store.ask('put', { id, bytes })) this.counts.healed++
      return
    }
  }

  /**
   * Of a write under way some nodes have the block already and others not yet. What is missing in two rounds
   * running is missing indeed.
   */
  #confirmed(plan: HealingPlan): HealingPlan['copies'] {
    const ready = plan.copies.filter(({ id }) => this.#suspected.has(id))
    this.#suspected = new Set(plan.copies.map(({ id }) => id))
    return ready
  }

  async #copy(id: BlockId, to: readonly string[], stores: LivingStores): Promise<void> {
    if (this.#ctx.signal.aborted) return
    const bytes = await this.#store.ask('get', id)
    if (bytes === undefined) return
    for (const node of to) if (await stores.ref(node).ask('put', { id, bytes })) this.counts.healed++
  }

  async #drop(id: BlockId, owners: readonly string[], stores: LivingStores): Promise<void> {
    if (this.#ctx.signal.aborted) return
    const kept = await Promise.all(owners.map((node) => stores.ref(node).ask('keep', id)))
    if (kept.every(Boolean) && (await this.#store.ask('drop', id))) this.counts.dropped++
  }
}

/** Asks every node for what it has. One that does not answer fails the round: its copies must not count as lost. */
async function takeInventory(stores: LivingStores): Promise<Inventories> {
  const inventories = stores.nodes.map(async (node): Promise<[string, Set<BlockId>]> => {
    return [node, new Set(unpackIds(await stores.ref(node).ask('inventory')))]
  })
  return new Map(await Promise.all(inventories))
}
