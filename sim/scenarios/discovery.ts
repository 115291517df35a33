import { type Discovery, hash32 } from '@troupe/core'
import { type Checker, type HistoryEvent, type SimulatedNode, scenario } from '@troupe/testkit'
import { agree, join, type MemberNote, wrongMembers } from '../stage/members.ts'

/** Within which all nodes are announced, in ms. */
const ANNOUNCED_MS = 3_000
/** How much later some nodes find what others have found already, at most, in ms. */
const LAG_MS = 1_200
/** Longer than the lag, and the time between two looks. */
const FOUND_AFTER_MS = 1_600

/** When an address is announced: the same for all who look, and others for each number of nodes. In ms. */
function announcedMs(address: string, nodes: number): number {
  return hash32(`${address} of ${nodes}`) % ANNOUNCED_MS
}

/** What a service of names that is cached on the way tells one node: each address some time after it was announced. */
class LaggingSeeds implements Discovery {
  readonly name = 'lagging seeds'
  readonly #node: SimulatedNode
  readonly #bornMs: number
  /** From when on each is found. */
  readonly #fromMs = new Map<string, number>()

  /** To be made when the process begins: all do at one instant, and clocks do not agree. */
  constructor(node: SimulatedNode) {
    this.#node = node
    this.#bornMs = node.runtime.clock.now()
    const random = node.random.stream('lag')
    const all = [node.address, ...node.others]
    for (const address of all) this.#fromMs.set(address, announcedMs(address, all.length) + random.below(LAG_MS))
  }

  lookup(): Promise<readonly string[]> {
    const nowMs = this.#node.runtime.clock.now() - this.#bornMs
    const found = [...this.#fromMs].filter(([, fromMs]) => fromMs <= nowMs).map(([address]) => address)
    // A service that answers later, and now and then not at all.
    const { scheduler, random } = this.#node.runtime
    return new Promise((resolve, reject) => {
      const isLost = random.below(10) === 0
      scheduler.after(random.below(50), () => (isLost ? reject(new Error('no answer')) : resolve(found)))
    })
  }
}

/** Of all nodes of a run, one alone began a cluster. */
const oneFounder: Checker = {
  name: 'one founder',
  check(history) {
    const founders = history.filter((event) => event.f === 'founded')
    if (founders.length <= 1) return { verdict: 'ok' }
    const conflict: HistoryEvent[] = founders.slice(0, 2)
    return { verdict: 'illegal', message: `${founders.length} nodes have begun a cluster`, conflict }
  },
}

async function start(node: SimulatedNode): Promise<void> {
  const { runtime, random, address, others } = node
  const seeds = new LaggingSeeds(node)
  const waitMs = announcedMs(address, others.length + 1) + random.stream('start').below(500)
  await new Promise<void>((resolve) => void runtime.scheduler.after(waitMs, resolve))
  const terms = { foundAfterMs: FOUND_AFTER_MS, aloneAfterMs: 3_000, minMembers: 1 }
  const system = await join(node, terms, { seeds, lookupPeriodMs: 200 })
  system.events.subscribe((event) => {
    if (event.type !== 'member-up' || event.member.uid !== system.uid || event.member.upNumber !== 1) return
    node.note('founded', { run: system.uid, member: system.uid } satisfies MemberNote)
  })
}

/** Nodes that start one after the other, and find one another at different times, begin one cluster and not two. */
export const discovery = scenario({
  name: 'discovery',
  nodes: { min: 2, max: 6 },
  durationMs: 12_000,
  convergeMs: 15_000,
  network: { minLatencyMs: 1, meanLatencyMs: 10 },
  faults: { kinds: ['reset', 'slow'] },
  start,
  invariant: wrongMembers,
  converged: agree,
  checkers: [oneFounder],
})
