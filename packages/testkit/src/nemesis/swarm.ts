import type { Random } from '@troupe/core'
import { diskFault, soundAgain } from './disk-faults.ts'
import { FAULT_KINDS, type FaultKind, type FaultOptions } from './fault-options.ts'
import type { NemesisAction, NemesisOperation } from './nemesis.ts'
import { drawPartition } from './partitions.ts'
import { shuffled } from './shuffle.ts'

/** What a nemesis may work on. */
export interface Targets {
  readonly nodes: readonly string[]
  /** They are cut off, but do not crash. */
  readonly clients: readonly string[]
  /** No fault begins or ends after this, in virtual ms. */
  readonly durationMs: number
  /** Whether a leader can be found, and so be cut off. */
  readonly hasLeader: boolean
}

const MOST_WEIGHT = 100
/** Mean gap between faults when nothing is said, in ms: some runs go through many, some have time to recover. */
const GAP_MS = [100, 200, 500, 1_000, 2_000, 5_000] as const
/** Most faults last this long, in ms; one in eight up to five times as long: some deadlines are that long. */
const LENGTH_MS = [50, 5_000] as const
const MOST_DRIFT_PPM = 1_000
const MOST_STEP_MS = 60_000

/**
 * Draws what happens to a cluster: a random choice of kinds of faults, each with a weight, and then faults of these
 * kinds until time is over. Each has an end, though what ends it may be the end of all. A run with few kinds of
 * faults goes deeper into what they do than one with all of them.
 *
 * @param random each kind has a stream of its own
 * @see Groce et al. 2012, "Swarm Testing"
 */
export function drawNemesis(random: Random, targets: Targets, options: FaultOptions = {}): NemesisOperation[] {
  return new Swarm(random, targets, options).draw()
}

class Swarm {
  readonly #random: Random
  readonly #targets: Targets
  readonly #options: FaultOptions
  readonly #maxDown: number
  readonly #operations: NemesisOperation[] = []
  /** Until when something is the matter with a node, or, under an empty name, with the network. */
  readonly #until = new Map<string, number>()
  /** When those that are down come up again. */
  #downUntil: number[] = []

  constructor(random: Random, targets: Targets, options: FaultOptions) {
    this.#random = random
    this.#targets = targets
    this.#options = options
    this.#maxDown = options.maxDown ?? (targets.nodes.length - 1) >> 1
  }

  draw(): NemesisOperation[] {
    const { durationMs } = this.#targets
    const choice = this.#random.stream('choice')
    const kinds = chosen(choice, this.#possible())
    const gapMs = this.#options.meanGapMs ?? GAP_MS[choice.below(GAP_MS.length)]!
    if (kinds.length === 0) return []
    const times = this.#random.stream('times')
    for (let atMs = times.below(2 * gapMs); atMs < durationMs; atMs += 1 + times.below(2 * gapMs)) {
      const kind = pickWeighted(times, kinds)
      this.#fault(kind, atMs, this.#random.stream(`${kind}:${atMs}`))
    }
    // Stable: what was drawn first happens first.
    return this.#operations.sort((a, b) => a.atMs - b.atMs)
  }

  #possible(): readonly FaultKind[] {
    const { kinds = FAULT_KINDS.filter((kind) => kind !== 'wipe' && kind !== 'disk-lies'), versions = [] } =
      this.#options
    return kinds.filter((kind) => (kind !== 'upgrade' || versions.length > 0) && this.#hasRoomFor(kind))
  }

  #hasRoomFor(kind: FaultKind): boolean {
    if (kind === 'crash' || kind === 'wipe' || kind === 'upgrade') return this.#maxDown > 0
    const { nodes, clients } = this.#targets
    return nodes.length + clients.length > 1 || !(kind === 'partition' || kind === 'clog' || kind === 'reset')
  }

  #fault(kind: FaultKind, atMs: number, random: Random): void {
    switch (kind) {
      case 'crash':
      case 'wipe':
        return this.#down(kind, atMs, random)
      case 'upgrade':
        return this.#upgrade(atMs, random)
      case 'pause':
        return this.#onNode(atMs, random, (node) => [
          { op: 'pause', node },
          { op: 'resume', node },
        ])
      case 'slow':
        return this.#onNode(atMs, random, (node) => [
          { op: 'slow', node, turnMs: 1 + random.below(20) },
          { op: 'slow', node, turnMs: 0 },
        ])
      case 'slow-disk':
      case 'disk-errors':
      case 'disk-lies':
        return this.#disk(kind, atMs, random)
      case 'clock':
        return this.#clock(atMs, random)
      case 'partition':
        return this.#partition(atMs, random)
      case 'clog':
        return this.#clog(atMs, random)
      case 'reset': {
        const [from, to] = this.#pair(random)
        return this.#add(atMs, { op: 'reset', from, to })
      }
    }
  }

  #down(op: 'crash' | 'wipe', atMs: number, random: Random): void {
    if (!this.#mayGoDown(atMs)) return
    this.#onNode(atMs, random, (node, endMs) => {
      this.#downUntil.push(endMs)
      return [
        { op, node },
        { op: 'start', node },
      ]
    })
  }

  #upgrade(atMs: number, random: Random): void {
    const versions = this.#options.versions ?? []
    const node = this.#node(random)
    const version = versions[random.below(versions.length)]!
    // Down for no time, but its memory is gone as in a crash.
    if (this.#mayGoDown(atMs) && this.#isFree(node, atMs)) this.#add(atMs, { op: 'upgrade', node, version })
  }

  #mayGoDown(atMs: number): boolean {
    this.#downUntil = this.#downUntil.filter((until) => until > atMs)
    return this.#downUntil.length < this.#maxDown
  }

  #disk(kind: 'slow-disk' | 'disk-errors' | 'disk-lies', atMs: number, random: Random): void {
    const node = this.#node(random)
    const name = `${kind} ${node}`
    if (!this.#isFree(name, atMs)) return
    const endMs = atMs + lengthMs(random)
    this.#until.set(name, endMs)
    const changes = diskFault(random, kind)
    this.#add(atMs, { op: 'disk', node, changes })
    this.#add(endMs, { op: 'disk', node, changes: soundAgain(changes) })
  }

  #clock(atMs: number, random: Random): void {
    const node = this.#node(random)
    if (random.below(2) === 0) {
      this.#add(atMs, { op: 'clock', node, stepMs: random.below(2 * MOST_STEP_MS + 1) - MOST_STEP_MS })
    } else {
      const driftPpm = random.below(2 * MOST_DRIFT_PPM + 1) - MOST_DRIFT_PPM
      this.#add(atMs, { op: 'clock', node, driftPpm })
      this.#add(atMs + lengthMs(random), { op: 'clock', node, driftPpm: 0 })
    }
  }

  /** One at a time: the end of one would end another too. */
  #partition(atMs: number, random: Random): void {
    if (!this.#isFree('', atMs)) return
    const endMs = atMs + lengthMs(random)
    this.#until.set('', endMs)
    for (const action of drawPartition(random, this.#targets)) this.#add(atMs, action)
    this.#add(endMs, { op: 'heal' })
  }

  /** One direction; or, one time in four, a random half of the nodes, one by one, and open again in another order. */
  #clog(atMs: number, random: Random): void {
    const [from, to] = this.#pair(random)
    const [begin, end] = random.below(2) === 0 ? (['clog', 'unclog'] as const) : (['hold', 'release'] as const)
    if (random.below(4) !== 0) {
      this.#add(atMs, { op: begin, from, to })
      this.#add(atMs + lengthMs(random), { op: end, from, to })
      return
    }
    const all = [...this.#targets.nodes, ...this.#targets.clients]
    const half = shuffled(random, all).slice(0, Math.max(1, all.length >> 1))
    const order = shuffled(random, half)
    const stepMs = 1 + random.below(1_000)
    const openMs = atMs + half.length * stepMs + lengthMs(random)
    for (const [i, name] of half.entries()) {
      const endMs = openMs + order.indexOf(name) * stepMs
      for (const other of all) {
        if (other === name) continue
        this.#add(atMs + i * stepMs, { op: begin, from: name, to: other })
        this.#add(endMs, { op: end, from: name, to: other })
      }
    }
  }

  /** A fault of a node to which nothing else happens at that time. */
  #onNode(
    atMs: number,
    random: Random,
    actions: (node: string, endMs: number) => [NemesisAction, NemesisAction],
  ): void {
    const node = this.#node(random)
    if (!this.#isFree(node, atMs)) return
    const endMs = atMs + lengthMs(random)
    this.#until.set(node, endMs)
    const [begin, end] = actions(node, endMs)
    this.#add(atMs, begin)
    this.#add(endMs, end)
  }

  #isFree(name: string, atMs: number): boolean {
    return (this.#until.get(name) ?? 0) <= atMs
  }

  /** What would come too late is left to the healing. */
  #add(atMs: number, action: NemesisAction): void {
    if (atMs < this.#targets.durationMs) this.#operations.push({ atMs, ...action })
  }

  #node(random: Random): string {
    const { nodes } = this.#targets
    return nodes[random.below(nodes.length)]!
  }

  #pair(random: Random): readonly [string, string] {
    const [from, to] = shuffled(random, [...this.#targets.nodes, ...this.#targets.clients])
    return [from!, to!]
  }
}

/** Each with even chance, and one at least; with weights from 1 to 100. */
function chosen(random: Random, kinds: readonly FaultKind[]): { kind: FaultKind; weight: number }[] {
  const sure = random.below(Math.max(1, kinds.length))
  const weighted = kinds.map((kind) => ({ kind, weight: 1 + random.below(MOST_WEIGHT), isIn: random.below(2) === 0 }))
  return weighted.filter(({ isIn }, i) => isIn || i === sure)
}

function pickWeighted(random: Random, kinds: readonly { kind: FaultKind; weight: number }[]): FaultKind {
  let left = random.below(kinds.reduce((sum, { weight }) => sum + weight, 0))
  for (const { kind, weight } of kinds) {
    if (left < weight) return kind
    left -= weight
  }
  throw new RangeError('weights do not add up')
}

function lengthMs(random: Random): number {
  const [least, most] = LENGTH_MS
  const ms = least + random.below(most - least + 1)
  return random.below(8) === 0 ? ms * 5 : ms
}
