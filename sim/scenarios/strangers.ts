import type { Link, Random } from '@troupe/core'
import { type Checker, type SimulatedNode, scenario } from '@troupe/testkit'
import { cbor } from '../../packages/transport-memory/src/testing/cbor.ts'
import { challenge, proofOf } from '../../packages/transport-memory/src/testing/proofs.ts'
import { sealed, unsealed } from '../../packages/transport-memory/src/testing/sealed.ts'
import { askAll, isLinked, type LinkNote, noteLinks, notes } from '../stage/link-notes.ts'
import { Talker, talker } from './pair-order.ts'

/** Name of the node that does not know the secret. */
const INTRUDER = 'intruder'
const SECRET = 'what the nodes of this cluster know'
/** Whatever frames come on a link, one after the other; those behind the last step are ignored. */
type Steps = readonly ((frame: Uint8Array) => void)[]

/** Frames of one introduction that was overheard. */
interface Overheard {
  readonly from: string
  readonly challenge: Uint8Array
  readonly proven: Uint8Array
}

/** A link, and what is done with it frame by frame. */
class Talk {
  readonly link: Link
  #steps: Steps
  #at = 0
  /** What else is done with the second frame. */
  onProven: (frame: Uint8Array) => void = () => {}

  constructor(link: Link, steps: (talk: Talk) => Steps) {
    this.link = link
    this.#steps = steps(this)
    link.open({
      frame: (bytes) => this.#steps[this.#at++]?.(bytes),
      drain: () => {},
      close: () => {
        this.#steps = []
      },
    })
  }

  say(content: unknown): void {
    this.link.send(sealed(content))
  }

  /** As if the link were open: messages for whoever may be there. */
  intrude(): void {
    const word = cbor({ from: INTRUDER, n: 1 })
    this.say([0, Array.from({ length: 30 }, (_, i) => [0, i + 1, 'hear', word])])
  }
}

/** Tries to be believed by nodes whose secret it does not know. */
class Intruder {
  readonly #node: SimulatedNode
  readonly #random: Random
  readonly #overheard: Overheard[] = []
  /** Challenges of nodes on links that are gone, by address, and uids that nodes said they have. */
  readonly #challenges = new Map<string, Uint8Array>()
  readonly #uids = new Set<string>([INTRUDER])

  constructor(node: SimulatedNode) {
    this.#node = node
    this.#random = node.random
  }

  async start(): Promise<void> {
    const { transport, runtime } = this.#node
    await transport.listen((link) => this.#accept(link), runtime)
    this.#later(() => this.#attempt())
  }

  #later(task: () => void): void {
    this.#node.runtime.scheduler.after(this.#random.below(200), task)
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[this.#random.below(choices.length)]!
  }

  #dial(address: string, steps: (talk: Talk) => Steps, begin: (talk: Talk) => void): void {
    this.#node.transport.dial(address, new AbortController().signal).then(
      (link) => begin(new Talk(link, steps)),
      () => {},
    )
  }

  #hello(): object {
    const uid = this.#pick([...this.#uids])
    const { address } = this.#node
    return { troupe: 'hello', min: 1, max: 1, cluster: 'default', name: INTRUDER, uid, address, epoch: 0 }
  }

  #nonce(): string {
    return `nonce-of-an-intruder-${this.#random.next()}`
  }

  #attempt(): void {
    const address = this.#pick(this.#node.others)
    switch (this.#random.below(4)) {
      case 0:
        this.#dial(
          address,
          () => [],
          (talk) => {
            talk.say(this.#hello())
            talk.intrude()
          },
        )
        break
      case 1:
        this.#askForChallenge(address)
        break
      case 2:
        this.#guess(address)
        break
      default:
        this.#replay(address)
    }
    this.#later(() => this.#attempt())
  }

  #askForChallenge(address: string): void {
    const kept = (frame: Uint8Array, { link }: Talk): void => {
      this.#challenges.set(address, frame)
      link.close('normal', 'enough')
    }
    this.#dial(
      address,
      (talk) => [(frame) => kept(frame, talk)],
      (talk) => talk.say(challenge(this.#nonce())),
    )
  }

  /** A proof by another secret. */
  #guess(address: string): void {
    const ours = sealed(challenge(this.#nonce()))
    const proved = (theirs: Uint8Array, talk: Talk): void => {
      const greeting = sealed(this.#hello())
      const proof = proofOf(`${SECRET}?`, 'hello', [ours, theirs, greeting])
      talk.say({ troupe: 'proven', greeting, proof })
      talk.intrude()
    }
    this.#dial(
      address,
      (talk) => [(theirs) => proved(theirs, talk)],
      ({ link }) => void link.send(ours),
    )
  }

  /** What another node has said on another link. */
  #replay(address: string): void {
    const said = this.#overheard.filter(({ from }) => from !== address)
    if (said.length === 0) return
    const { challenge: ours, proven } = this.#pick(said)
    const again = (talk: Talk): void => {
      talk.link.send(proven)
      talk.intrude()
    }
    this.#dial(
      address,
      (talk) => [() => again(talk)],
      ({ link }) => void link.send(ours),
    )
  }

  /** A node dials: it gets some challenge, old or new, and what it proves is used elsewhere. */
  #accept(link: Link): void {
    const from = link.peer
    const way = this.#random.below(4)
    let theirs = new Uint8Array(0)
    new Talk(link, (talk) => [
      (frame) => {
        theirs = Uint8Array.from(frame)
        const old = [...this.#challenges].filter(([address]) => address !== from)
        if (way === 0) this.#relay(from, theirs, talk)
        else if (way === 1 && old.length > 0) link.send(this.#pick(old)[1])
        else talk.say(challenge(this.#nonce()))
      },
      (proven) => {
        this.#overheard.push({ from, challenge: theirs, proven })
        const { greeting } = unsealed(proven) as { greeting: Uint8Array }
        this.#uids.add((unsealed(greeting) as { uid: string }).uid)
        if (way === 2) link.send(proven)
        else if (way === 3) talk.say(this.#welcome())
        if (way >= 2) talk.intrude()
        talk.onProven(proven)
      },
    ])
  }

  #welcome(): object {
    const uid = this.#pick([...this.#uids])
    return { troupe: 'welcome', version: 1, name: INTRUDER, uid, address: this.#node.address, epoch: 1 }
  }

  /** Has the node prove itself over the challenge of another one, and says to that one something else. */
  #relay(from: string, ours: Uint8Array, dialler: Talk): void {
    const others = this.#node.others.filter((address) => address !== from)
    this.#dial(
      this.#pick(others),
      (talk) => [
        (theirs) => {
          dialler.onProven = (proven) => {
            const { proof } = unsealed(proven) as { proof: Uint8Array }
            talk.say({ troupe: 'proven', greeting: sealed(this.#hello()), proof })
            talk.intrude()
          }
          dialler.link.send(theirs)
        },
      ],
      ({ link }) => void link.send(ours),
    )
  }
}

/** Nobody hears the intruder, or takes it for a peer; and no two nodes lose their connection for it. */
export const unheard: Checker = {
  name: 'unheard',
  check(history) {
    const honest = new Set(notes<{ readonly run: string }>(history, 'run').map(({ run }) => run))
    for (const event of history) {
      const { f, value } = event
      if (f === 'heard' && (value as { readonly from: string }).from === INTRUDER)
        return { verdict: 'illegal', message: 'a word of the intruder is heard', conflict: [event] }
      if (f !== 'up' && f !== 'lost' && f !== 'down') continue
      const { peer, why } = value as LinkNote
      if (f !== 'up' || !honest.has(peer))
        return { verdict: 'illegal', message: `the connection to ${peer} is ${f}: ${why}`, conflict: [event] }
    }
    return { verdict: 'ok' }
  },
}

/** Law 18: who does not know the secret is not heard, whatever it has overheard. */
export const strangers = scenario({
  name: 'strangers',
  nodes: ['n1', 'n2', INTRUDER],
  durationMs: 10_000,
  convergeMs: 15_000,
  faults: false,
  network: { minLatencyMs: 1, meanLatencyMs: 10, longTail: { oneIn: 50, maxMs: 100 } },
  async start(node) {
    if (node.name === INTRUDER) return new Intruder(node).start()
    const isIntruder = (address: string): boolean => address.endsWith(INTRUDER)
    const system = await node.createSystem({
      secret: SECRET,
      seeds: node.others.filter(isIntruder),
      handshakeTimeoutMs: 300,
    })
    noteLinks(node, system)
    system.register(Talker, system.spawn(talker, { args: node, name: 'talker' }))
    // Late: what the intruder makes of a node that is a peer already is less.
    node.runtime.scheduler.after(3_000 + node.random.below(3_000), () => {
      for (const other of node.others) if (!isIntruder(other)) system.connect(other).catch(() => {})
    })
  },
  converged: (cluster) => isLinked(cluster, INTRUDER),
  settle: (cluster) => askAll(cluster, Talker, (ref) => ref.ask('echo', 1, { timeoutMs: 1_000 }), INTRUDER),
  checkers: [unheard],
})
