import type { Link, Random } from '@troupe/core'
import { type Checker, type HistoryEvent, type SimulatedNode, scenario } from '@troupe/testkit'
import { cbor, Tagged } from '../../packages/transport-memory/src/testing/cbor.ts'
import { sealed, sealedBytes } from '../../packages/transport-memory/src/testing/sealed.ts'
import { askAll, isLinked, type LinkNote, noteLinks, notes } from '../stage/link-notes.ts'
import { inOrder, Talker, talker } from './pair-order.ts'

/** Name of the node that is none. */
const INTRUDER = 'intruder'
/** A link with a broken frame on it is closed within this, in ms: some latencies. */
const CLOSE_MS = 1_000

/** One link of the intruder: that it is broken, or at its end. */
interface LinkEnd {
  readonly link: number
}

/** Envelopes that no node of ours would send, and that are in order all the same. */
function envelope(random: Random): unknown {
  const uid = 1 + random.below(20)
  const nothing = cbor(null)
  const odd = ['nonsense', 'constructor', '__proto__', 'unhandled', 'childFailed', 'toString'][random.below(6)]!
  switch (random.below(9)) {
    case 0:
      return [7]
    case 1:
      return [8]
    case 2:
      return [0, uid, odd, cbor({ ['__proto__']: { isPolluted: true }, constructor: 1 })]
    case 3:
      return [1, uid, odd, nothing, random.below(100), random.below(1_000)]
    case 4:
      return [2, random.below(100), nothing]
    case 5:
      return [3, random.below(100), odd, odd, odd, null]
    case 6:
      return [4, uid, random.below(100), 0]
    case 7:
      return [5, random.below(100)]
    default:
      return [6, random.below(100), odd]
  }
}

function content(random: Random): Uint8Array {
  return cbor([0, Array.from({ length: 1 + random.below(4) }, () => envelope(random))])
}

/** The same with some bits turned over. */
function damaged(random: Random, bytes: Uint8Array): Uint8Array {
  const flips = Array.from({ length: 1 + random.below(3) }, () => random.below(bytes.length * 8))
  const copy = Uint8Array.from(bytes)
  for (const bit of new Set(flips)) copy[bit >> 3]! ^= 1 << (bit & 7)
  return copy
}

/** A frame that breaks the protocol for certain, some of them with a checksum that fits. */
function brokenFrame(random: Random): Uint8Array {
  const good = content(random)
  switch (random.below(10)) {
    case 0:
      return sealedBytes(good.subarray(0, random.below(good.length)))
    case 1:
      return sealedBytes(Uint8Array.from([...good, random.below(24)]))
    case 2:
      return sealed([0, [[10 + random.below(200)]]])
    case 3:
      return sealed([0, [[0, 1, 'nonsense']]])
    case 4:
      return sealed([0, [[0, null, 'nonsense', cbor(1)]]])
    case 5:
      return sealed([0, [[2, 'one', cbor(1)]]])
    case 6:
      return sealed({ troupe: 'hello' })
    case 7:
      return sealed([0, [new Tagged(27, ['Function', 'return process'])]])
    case 8:
      return damaged(random, sealedBytes(good))
    default:
      return sealedBytes(Uint8Array.from([...new Array<number>(200).fill(0x81), 0]))
  }
}

/** Speaks to all nodes as none should. */
class Intruder {
  readonly #node: SimulatedNode
  readonly #random: Random
  #links = 0
  readonly #open = new Set<number>()

  constructor(node: SimulatedNode) {
    this.#node = node
    this.#random = node.random
  }

  async start(): Promise<void> {
    const { transport, runtime } = this.#node
    await transport.listen((link) => this.#accept(link), runtime)
    this.#later(() => this.#dial())
  }

  #later(task: () => void): void {
    this.#node.runtime.scheduler.after(this.#random.below(400), task)
  }

  #dial(): void {
    const { transport, others } = this.#node
    const address = others[this.#random.below(others.length)]!
    transport.dial(address, new AbortController().signal).then(
      (link) => this.#intrude(link),
      () => {},
    )
    this.#later(() => this.#dial())
  }

  /** Whoever dials gets an answer of some kind, or none. */
  #accept(link: Link): void {
    const number = this.#begin(link)
    switch (this.#random.below(4)) {
      case 0:
        return this.#break(link, number, sealed({ ...this.#welcome(number), uid: '' }))
      case 1:
        return this.#break(link, number, Uint8Array.of(0xff))
      case 2:
        link.send(sealed(this.#welcome(number)))
        return this.#work(link, number)
      default:
    }
  }

  #intrude(link: Link): void {
    const number = this.#begin(link)
    const { address } = this.#node
    const identity = { cluster: 'default', name: INTRUDER, uid: `${INTRUDER}-${number}`, address, epoch: 0 }
    const hello = sealed({ troupe: 'hello', min: 1, max: 1, ...identity })
    if (this.#random.below(4) === 0) {
      return this.#break(link, number, hello.subarray(0, this.#random.below(hello.length)))
    }
    link.send(hello)
    this.#work(link, number)
  }

  #welcome(number: number): object {
    const uid = `${INTRUDER}-${number}`
    return { troupe: 'welcome', version: 1, name: INTRUDER, uid, address: this.#node.address, epoch: 1 }
  }

  #begin(link: Link): number {
    const number = ++this.#links
    link.open({
      frame: () => {},
      drain: () => {},
      close: () => this.#ended(number),
    })
    this.#open.add(number)
    return number
  }

  /** Some frames that pass, perhaps; in the end one that must not. */
  #work(link: Link, number: number): void {
    const random = this.#random
    for (let frames = random.below(4); frames > 0; frames--) {
      const good = content(random)
      link.send(sealedBytes(random.below(3) === 0 ? damaged(random, good) : good))
    }
    if (random.below(8) > 0) return this.#later(() => this.#break(link, number, brokenFrame(random)))
    this.#later(() => {
      this.#ended(number)
      link.close('normal', 'enough')
    })
  }

  #ended(number: number): void {
    this.#open.delete(number)
    this.#node.note('closed', { link: number } satisfies LinkEnd)
  }

  /** What comes behind a broken frame is never heard of. */
  #break(link: Link, number: number, bytes: Uint8Array): void {
    if (!this.#open.has(number)) return
    this.#node.note('broken', { link: number } satisfies LinkEnd)
    link.send(bytes)
    const word = cbor({ from: INTRUDER, n: 1 })
    link.send(sealed([0, Array.from({ length: 20 }, (_, i) => [0, i + 1, 'hear', word])]))
  }
}

/** A broken frame closes its link; no other connection is lost, and no actor fails. */
export const isolation: Checker = {
  name: 'isolation',
  check(history) {
    const honest = new Set(notes<{ readonly run: string }>(history, 'run').map(({ run }) => run))
    const endMs = history.at(-1)?.at ?? 0
    const broken = new Map<number, HistoryEvent>()
    const connected = new Set<string>()
    for (const event of history) {
      const { f, value, at = 0 } = event
      if (f === 'broken') broken.set((value as LinkEnd).link, event)
      else if (f === 'closed') broken.delete((value as LinkEnd).link)
      else if (f === 'failed') return { verdict: 'illegal', message: `${value} has failed`, conflict: [event] }
      else if ((f === 'up' || f === 'lost' || f === 'down') && honest.has((value as LinkNote).peer)) {
        const { run, peer, why } = value as LinkNote
        const message = `the connection to ${peer} is ${f}${connected.has(run) ? ' again' : ''}: ${why}`
        if (f !== 'up' || connected.has(run)) return { verdict: 'illegal', message, conflict: [event] }
        connected.add(run)
      }
      for (const late of broken.values()) {
        if (at - (late.at ?? 0) < CLOSE_MS || endMs - (late.at ?? 0) < CLOSE_MS) break
        const message = `link ${(late.value as LinkEnd).link} is open ${CLOSE_MS} ms after a broken frame`
        return { verdict: 'illegal', message, conflict: [late] }
      }
    }
    return { verdict: 'ok' }
  },
}

/** Laws 17 and 18: garbage closes its link alone. */
export const hostileFrames = scenario({
  name: 'hostile-frames',
  nodes: ['n1', 'n2', INTRUDER],
  durationMs: 10_000,
  convergeMs: 15_000,
  faults: false,
  network: { minLatencyMs: 1, meanLatencyMs: 20, longTail: { oneIn: 50, maxMs: 200 } },
  async start(node) {
    if (node.name === INTRUDER) return new Intruder(node).start()
    const system = await node.createSystem({ seeds: node.others, disconnectGraceMs: 2_000, heartbeatMs: 250 })
    noteLinks(node, system)
    system.events.subscribe((event) => {
      if (event.type === 'actor-failed') node.note('failed', event.path)
    })
    system.register(Talker, system.spawn(talker, { args: node, name: 'talker' }))
  },
  converged: (cluster) => isLinked(cluster, INTRUDER),
  async settle(cluster) {
    if ('isPolluted' in {}) throw new Error('every object has what the intruder has sent')
    await askAll(cluster, Talker, (ref) => ref.ask('echo', 1, { timeoutMs: 1_000 }), INTRUDER)
  },
  checkers: [inOrder, isolation],
})
