import type { ReplicationStrategy } from '@troupe/strategies/replication'
import {
  type Checker,
  checkLinearizable,
  type FaultKind,
  type HistoryEvent,
  type Scenario,
  type SimulatedClient,
  type SimulatedCluster,
  scenario,
  setModel,
} from '@troupe/testkit'
import { SITE } from './network.ts'
import { appointOne, copiesOf, findPrimary, knownCopies, NAMES, startReplica, type View } from './replicas.ts'

/** What a read answers, and from where. */
interface Reading {
  readonly from: string
  readonly numbers: readonly number[]
}

/** Of three copies without a loss of memory, two have each acknowledged write, and any two meet them. */
const MAJORITY = 2

/** What a client takes for the primary. */
const believed = new WeakMap<SimulatedClient, string>()

/**
 * Clients that write to a replicated list and read it, and appoint primaries, while links break and nodes pause; none
 * loses its memory. Judged against the words of the strategy's `guarantee`:
 *
 * - acknowledged: so many have it in memory by then
 * - reads: from the primary, unless another one has been appointed meanwhile
 * - losesWhen: never, as nobody is lost
 *
 * @param holders how many must have an acknowledged write, of a view of that size
 * @param kinds of faults; none in which a node loses its memory
 */
export function replicatedList(
  name: string,
  strategy: ReplicationStrategy,
  holders: (viewSize: number) => number,
  checkers: readonly Checker[] = [noneLost, primaryReads],
  kinds: readonly FaultKind[] = ['pause', 'partition', 'clog', 'reset', 'slow'],
): Scenario {
  return scenario({
    name,
    nodes: NAMES,
    clients: 2,
    durationMs: 2_500,
    convergeMs: 20_000,
    thinkMs: 25,
    faults: { kinds, meanGapMs: 200 },
    network: SITE,
    start: (node) => startReplica(node, strategy),
    client: (client) => act(client),
    invariant: (cluster) => tooFewHave(cluster, holders),
    converged: ({ nodes }) =>
      nodes.size === NAMES.length &&
      [...nodes.values()].every(({ system }) => knownCopies(system).size === NAMES.length),
    settle,
    checkers,
  })
}

async function act(client: SimulatedClient): Promise<void> {
  const copies = knownCopies(client.system)
  if (copies.size < MAJORITY) return
  const primary = believed.get(client) ?? (await findPrimary(copies))
  const ref = primary === null ? undefined : copies.get(primary)
  if (
    primary === null ||
    ref === undefined ||
    client.random.below(client.random.stream('pace').below(2) === 0 ? 8 : 3) === 0
  ) {
    const epoch = client.unique()
    const view = await client.operation('appoint', { value: epoch }, () => appointOne(copies, epoch, MAJORITY))
    if (view !== undefined) believed.set(client, view.primary)
    return
  }
  believed.set(client, primary)
  const timeoutMs = 300
  const done =
    client.random.below(3) > 0
      ? await addSome(client, (number) => ref.ask('write', number, { timeoutMs }))
      : await read(client, primary, () => ref.ask('read', undefined, { timeoutMs }))
  if (!done) believed.delete(client)
}

/** Up to four writes at once: what a primary sends its backups is a batch then. */
async function addSome(client: SimulatedClient, write: (number: number) => Promise<string>): Promise<boolean> {
  const count = client.random.below(3) > 0 ? 1 : 1 + client.random.below(12)
  const added = await Promise.all(Array.from({ length: count }, () => add(client, client.unique(), write)))
  return added.every((isDone) => isDone)
}

type Recorder = Pick<SimulatedClient, 'operation'>

async function add(recorder: Recorder, number: number, write: (number: number) => Promise<string>): Promise<boolean> {
  // What it answers is where it was done; a history of a set has the element there.
  const done = await recorder.operation('add', { value: number }, async () => {
    await write(number)
    return number
  })
  return done !== undefined
}

async function read(recorder: Recorder, from: string, ask: () => Promise<unknown>): Promise<boolean> {
  const reading = await recorder.operation('read', { read: true, value: from }, async () => {
    const numbers = (await ask()) as readonly number[]
    return { from, numbers } satisfies Reading
  })
  return reading !== undefined
}

/** All is healed: a primary is appointed, takes a write, and is read. What is still on its way may come between. */
async function settle(cluster: SimulatedCluster): Promise<void> {
  const copies = knownCopies(cluster.nodes.get('n1')!.system)
  for (let isDone = false; !isDone; await cluster.sleep(100)) {
    const epoch = cluster.unique()
    const view = await cluster.operation('appoint', { value: epoch }, () => appointOne(copies, epoch, NAMES.length))
    const primary = view === undefined ? undefined : copies.get(view.primary)
    if (view === undefined || primary === undefined) continue
    const isWritten = await add(cluster, cluster.unique(), (number) => primary.ask('write', number))
    isDone = isWritten && (await read(cluster, view.primary, () => primary.ask('read')))
  }
}

/** The words about acknowledged writes. */
function tooFewHave(cluster: SimulatedCluster, holders: (viewSize: number) => number): string | null {
  for (const { event, view } of acknowledged(cluster.history)) {
    const needed = holders(view?.size ?? MAJORITY)
    const copies = copiesOf(event.value as number, cluster)
    if (copies < needed) return `${event.value} was acknowledged, and ${copies} have it, not ${needed}`
  }
  return null
}

/** Writes that were acknowledged, each with the view of its primary, where that is beyond doubt. */
function acknowledged(history: readonly HistoryEvent[]): { event: HistoryEvent; view: View | null }[] {
  const views = new Views()
  const begun = new Map<HistoryEvent['process'], View | null>()
  const result: { event: HistoryEvent; view: View | null }[] = []
  for (const event of history) {
    if (event.f === 'appoint') views.add(event)
    else if (event.f === 'add' && event.type === 'invoke') begun.set(event.process, views.undisputed)
    else if (event.f === 'add' && event.type === 'ok') {
      const before = begun.get(event.process) ?? null
      result.push({ event, view: before === views.undisputed ? before : null })
    }
  }
  return result
}

/** Appointments, as a history goes on. */
class Views {
  #highest = 0
  #latest: View | null = null

  /** The view of the highest epoch, when its appointment has ended well and none of a higher one has begun. */
  get undisputed(): View | null {
    return this.#latest?.epoch === this.#highest ? this.#latest : null
  }

  add({ type, value }: HistoryEvent): void {
    if (type === 'invoke') this.#highest = Math.max(this.#highest, value as number)
    if (type !== 'ok') return
    const view = value as View
    if (view.epoch === this.#highest) this.#latest = view
  }
}

/** The stronger claim, which none of these strategies makes: whoever answers, the history is that of one set. */
export const oneSet: Checker = {
  name: 'one-set',
  check(history) {
    const events = history.flatMap((event): HistoryEvent[] => {
      if (event.f === 'appoint') return []
      const isReading = event.f === 'read' && event.type === 'ok'
      return [isReading ? { ...event, value: (event.value as Reading).numbers } : event]
    })
    return checkLinearizable(events, setModel(), { maxSteps: 20_000, shrinkSteps: 20_000 })
  },
}

/** Done when all was healed: under a second name where nobody knows what became of an operation under the first. */
function isFinal({ process }: HistoryEvent): boolean {
  return /^final(?:\.\d+)?$/.test(String(process))
}

/** What is acknowledged is there at the end, once, and nothing is that nobody wrote. */
export const noneLost: Checker = {
  name: 'none-lost',
  check(history) {
    const last = history.findLast((event) => event.f === 'read' && event.type === 'ok' && isFinal(event))
    if (last === undefined) return { verdict: 'unknown', message: 'there was no final read' }
    const { numbers } = last.value as Reading
    const there = new Set(numbers)
    const begin = history.findLastIndex((event) => event.f === 'read' && event.type === 'invoke' && isFinal(event))
    const before = history.slice(0, begin)
    const lost = before.find(({ f, type, value }) => f === 'add' && type === 'ok' && !there.has(value as number))
    if (lost !== undefined)
      return { verdict: 'illegal', message: `${lost.value} was acknowledged, and is lost`, conflict: [lost, last] }
    if (there.size < numbers.length) return { verdict: 'illegal', message: 'a number is there twice', conflict: [last] }
    const written = new Set(history.filter(({ f }) => f === 'add').map(({ value }) => value))
    const foreign = numbers.find((number) => !written.has(number))
    if (foreign === undefined) return { verdict: 'ok' }
    return { verdict: 'illegal', message: `${foreign} is there, and nobody wrote it`, conflict: [last] }
  },
}

/** A read from the primary has every write acknowledged before it, unless another one was appointed meanwhile. */
const primaryReads: Checker = {
  name: 'primary-reads',
  check(history) {
    const views = new Views()
    const begun = new Map<HistoryEvent['process'], { view: View | null; known: readonly HistoryEvent[] }>()
    const known: HistoryEvent[] = []
    for (const event of history) {
      if (event.f === 'appoint') views.add(event)
      else if (event.f === 'add' && event.type === 'ok') known.push(event)
      else if (event.f === 'read' && event.type === 'invoke')
        begun.set(event.process, { view: views.undisputed, known: [...known] })
      else if (event.f === 'read' && event.type === 'ok') {
        const { view, known: due } = begun.get(event.process)!
        const { from, numbers } = event.value as Reading
        if (view === null || view !== views.undisputed || view.primary !== from) continue
        const missing = due.find(({ value }) => !numbers.includes(value as number))
        if (missing === undefined) continue
        const message = `${missing.value} was acknowledged, and the primary ${from} of epoch ${view.epoch} lacks it`
        return { verdict: 'illegal', message, conflict: [missing, event] }
      }
    }
    return { verdict: 'ok' }
  },
}
