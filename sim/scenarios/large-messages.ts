import { type Actor, actor, type Context, protocol, type Ref, type Terminated } from '@troupe/core'
import { type Checker, type HistoryEvent, type SimulatedNode, scenario } from '@troupe/testkit'
import { askAll, isLinked, type LinkNote, noteLinks, runOf } from '../stage/link-notes.ts'

const KIB = 1024
/** One small word in so many is told as quickly as it can be. */
const WORDS = 4

/** Something large: `n` says what its bytes are. */
interface Load extends Told {
  readonly bytes: Uint8Array
}

interface Porter {
  known: (refs: readonly Ref<Porter>[]) => void
  work: () => void
  rest: () => void
  /** Something small is 0 bytes long. */
  load: (load: Load) => void
  fetch: (order: { readonly n: number; readonly sizeBytes: number }) => Uint8Array
  /** There is somebody who has something to give, and then ends. */
  meet: (courier: Ref<Courier>) => void
  parcel: (parcel: { readonly courier: string; readonly bytes: Uint8Array }) => void
  gone: (notice: Terminated) => void
  echo: (n: number) => number
}
const Porter = protocol<Porter>('sim.porter')

interface Courier {
  give: (to: Ref<Porter>) => void
}
const Courier = protocol<Courier>('sim.courier')

/** A load that was told, or has come. */
interface Told {
  readonly from: string
  readonly to: string
  readonly n: number
}

/** A courier was met, has brought something, or has ended. */
interface Brought {
  readonly run: string
  readonly peer: string
  readonly courier: string
}

function bytesFor(n: number, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes)
  for (let i = 0; i < sizeBytes; i += 997) bytes[i] = n + i / 997
  return bytes
}

function isRight(bytes: Uint8Array, n: number): boolean {
  return Buffer.compare(bytes, bytesFor(n, bytes.length)) === 0
}

/** Tells one porter after the other what is large and what is small, asks for large things, and sends couriers. */
const porter: Actor<Porter, SimulatedNode> = actor(Porter, (context, node: SimulatedNode) => {
  const me = context.self.id
  const told = new Map<string, number>()
  let isResting = false
  let others: readonly Ref<Porter>[] = []
  context.subscribe(Porter, 'known')
  context.after(context.random.below(100), 'work')
  const tell = (ref: Ref<Porter>, sizeBytes: number): void => {
    const n = (told.get(ref.id) ?? 0) + 1
    told.set(ref.id, n)
    node.note('told', { from: me, to: ref.id, n } satisfies Told)
    ref.tell('load', { from: me, to: ref.id, n, bytes: bytesFor(n, sizeBytes) })
  }
  const brought = (courier: { readonly id: string }): Brought => ({
    run: runOf(context.self),
    peer: runOf(courier),
    courier: courier.id,
  })
  return {
    known: (refs) => {
      others = refs.filter((ref) => runOf(ref) !== runOf(context.self))
    },
    work: () => {
      context.after(context.random.below(700), 'work')
      if (others.length === 0 || isResting) return
      const ref = others[context.random.below(others.length)]!
      const sizeBytes = (130 + context.random.below(context.random.below(8) === 0 ? 900 : 100)) * KIB
      if (context.random.below(3) === 0) tell(ref, sizeBytes)
      for (let left = context.random.below(WORDS); left > 0; left--) tell(ref, 0)
      if (context.random.below(4) === 0) fetch(context, node, ref, sizeBytes)
      if (context.random.below(4) === 0) ref.tell('meet', context.spawn(courier))
    },
    rest: () => {
      isResting = true
    },
    load: ({ from, n, bytes }) => {
      if (!isRight(bytes, n) && bytes.length > 0) node.note('wrong', `load ${n} from ${from}`)
      node.note('heard', { from, to: me, n } satisfies Told)
    },
    fetch: ({ n, sizeBytes }) => bytesFor(n, sizeBytes),
    meet: (courier) => {
      node.note('met', brought(courier))
      context.watch(courier, 'gone')
      courier.tell('give', context.self)
    },
    parcel: ({ courier, bytes }) => {
      if (!isRight(bytes, 1)) node.note('wrong', `parcel of ${courier}`)
      node.note('parcel', brought({ id: courier }))
    },
    gone: ({ ref, reason }) => {
      if (reason === 'stopped') node.note('gone', brought(ref))
    },
    echo: (n) => n,
  }
})

const courier = actor(Courier, (context) => ({
  give: (to) => {
    to.tell('parcel', { courier: context.self.id, bytes: bytesFor(1, 200 * KIB) })
    context.stop()
  },
}))

function fetch(context: Context<Porter>, node: SimulatedNode, ref: Ref<Porter>, sizeBytes: number): void {
  context.ask(ref, 'fetch', { n: 5, sizeBytes }).then(
    (bytes) => {
      if (bytes.length !== sizeBytes || !isRight(bytes, 5)) node.note('wrong', `an answer of ${sizeBytes} bytes`)
    },
    () => {},
  )
}

/** What is known of the loads from one porter to another: places in the history. */
class Pair {
  readonly told: number[] = [-1]
  /** Those that became dead letters. */
  readonly dropped = new Set<number>()
  heard = 0
}

class Hauls {
  readonly #pairs = new Map<string, Pair>()
  /** Where the connection of two runs was last lost or made, by both names. */
  readonly #changedAt = new Map<string, number>()
  readonly #metAt = new Map<string, number>()
  readonly #parcels = new Set<string>()

  add({ f, value }: HistoryEvent, at: number): string | null {
    if (f === 'wrong') return `${value} is not what was sent`
    if (f === 'broken') return `a link is broken: ${value}`
    if (f === 'told') this.#pair(value as Told).told.push(at)
    else if (f === 'dropped') this.#pair(value as Told).dropped.add((value as Told).n)
    else if (f === 'heard') return this.#heard(value as Told)
    else if (f === 'met') this.#metAt.set((value as Brought).courier, at)
    else if (f === 'parcel') this.#parcels.add((value as Brought).courier)
    else if (f === 'gone') return this.#gone(value as Brought)
    else if (f === 'up' || f === 'lost' || f === 'down') {
      const { run, peer } = value as LinkNote
      this.#changedAt.set(both(run, peer), at)
    }
    return null
  }

  #heard({ from, to, n }: Told): string | null {
    const pair = this.#pair({ from, to, n })
    const last = pair.heard
    pair.heard = n
    if (n <= last) return `load ${n} from ${from} to ${to} was heard after ${last}`
    const changedAt = this.#changedAt.get(both(runOf({ id: from }), runOf({ id: to }))) ?? -1
    for (let missing = last + 1; missing < n; missing++) {
      if (!pair.dropped.has(missing) && pair.told[missing]! > changedAt)
        return `load ${missing} from ${from} to ${to} is missing, and no connection was lost`
    }
    return null
  }

  #gone({ run, peer, courier }: Brought): string | null {
    const metAt = this.#metAt.get(courier) ?? -1
    if (this.#parcels.has(courier) || (this.#changedAt.get(both(run, peer)) ?? -1) > metAt) return null
    return `${courier} has ended, and what it gave before has not come`
  }

  #pair({ from, to }: Told): Pair {
    const key = `${from} ${to}`
    const pair = this.#pairs.get(key) ?? new Pair()
    this.#pairs.set(key, pair)
    return pair
  }
}

function both(one: string, other: string): string {
  return [one, other].sort().join(' ')
}

/** Order of each pair; all of it as it was; a courier ends behind what it gave; and no link breaks over it. */
export const hauling: Checker = {
  name: 'large-messages',
  check(history) {
    const hauls = new Hauls()
    for (const [at, event] of history.entries()) {
      const wrong = hauls.add(event, at)
      if (wrong !== null) return { verdict: 'illegal', message: wrong, conflict: [event] }
    }
    return { verdict: 'ok' }
  },
}

/** Law 1 and law 10 for what goes in pieces, across everything that can happen to a connection. */
export const largeMessages = scenario({
  name: 'large-messages',
  nodes: { min: 2, max: 3 },
  durationMs: 8_000,
  convergeMs: 15_000,
  network: {
    minLatencyMs: 1,
    meanLatencyMs: 10,
    longTail: { oneIn: 50, maxMs: 100 },
    resetPerMillion: 2_000,
    capacityBytes: 128 * KIB,
    bytesPerSecond: 6_000 * KIB,
    reconnectMs: 50,
    detectMs: 150,
  },
  faults: { kinds: ['crash', 'pause', 'partition', 'clog', 'reset', 'slow'], meanGapMs: 1_000 },
  async start(node) {
    const system = await node.createSystem({ seeds: node.others, disconnectGraceMs: 4_000, heartbeatMs: 250 })
    noteLinks(node, system)
    system.events.subscribe((event) => {
      if (event.type === 'link-broken' && event.message.startsWith('malformed')) node.note('broken', event.message)
      if (event.type !== 'dead-letter') return
      if (event.message === 'load') {
        const { from, to, n } = event.payload as Load
        node.note('dropped', { from, to, n } satisfies Told)
      } else if (event.message === 'parcel') {
        const { courier } = event.payload as { readonly courier: string }
        node.note('parcel', { run: '', peer: '', courier } satisfies Brought)
      }
    })
    for (const name of ['one', 'other']) system.register(Porter, system.spawn(porter, { args: node, name }))
  },
  converged: isLinked,
  async settle(cluster) {
    for (const { system } of cluster.nodes.values()) for (const ref of system.findAll(Porter)) ref.tell('rest')
    await cluster.sleep(3_000)
    await askAll(cluster, Porter, (ref) => ref.ask('echo', 1, { timeoutMs: 4_000 }))
  },
  checkers: [hauling],
})
