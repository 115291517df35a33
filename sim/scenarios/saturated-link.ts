import { actor, protocol, type Ref } from '@troupe/core'
import { type Checker, scenario } from '@troupe/testkit'
import { type LinkNote, noteLinks, runOf } from '../stage/link-notes.ts'
import { type Tap, tapped } from '../stage/wire-tap.ts'

const HEARTBEAT_MS = 250
/** What the link holds is through in less than this, in ms; what waits before it takes ten seconds. */
const ANSWER_MS = 950

interface Sink {
  take: (bytes: Uint8Array) => void
  pour: () => void
  known: (refs: readonly Ref<Sink>[]) => void
  echo: (n: number) => number
}
const Sink = protocol<Sink>('sim.sink')

/** Tells the other node more than the link carries, and is told nothing. */
const sink = actor(Sink, (context, pours: boolean) => {
  let others: readonly Ref<Sink>[] = []
  context.subscribe(Sink, 'known')
  if (pours) context.every(20, 'pour')
  return {
    take: () => {},
    known: (refs) => {
      others = refs.filter((ref) => runOf(ref) !== runOf(context.self))
    },
    pour: () => {
      for (const ref of others) for (let n = 0; n < 40; n++) ref.tell('take', new Uint8Array(500))
    },
    echo: (n) => n,
  }
})

/** Each ping is answered in time, some are sent, and no connection is lost. */
const inTime: Checker = {
  name: 'heartbeats in time',
  check(history) {
    let askedMs: number | null = null
    let answered = 0
    for (const event of history) {
      const { f, at = 0 } = event
      const illegal = (message: string) => ({ verdict: 'illegal', message, conflict: [event] }) as const
      if (f === 'lost') return illegal(`a connection is lost: ${(event.value as LinkNote).why}`)
      if (askedMs !== null && at - askedMs > ANSWER_MS) return illegal(`a ping is open after ${at - askedMs} ms`)
      if (f === 'ping') askedMs ??= at
      if (f !== 'pong') continue
      if (askedMs !== null) answered++
      askedMs = null
    }
    // The other side gives credit meanwhile: it is not often silent.
    return answered > 0 ? { verdict: 'ok' } : { verdict: 'illegal', message: `${answered} pings`, conflict: [] }
  },
}

/** A node that sends more than its link carries still knows in time that the other one is there. */
export const saturatedLink = scenario({
  name: 'saturated-link',
  nodes: ['n1', 'n2'],
  durationMs: 6_000,
  convergeMs: 30_000,
  faults: false,
  network: { minLatencyMs: 1, meanLatencyMs: 5, bytesPerSecond: 200_000, capacityBytes: 64_000 },
  async start(node) {
    const pours = node.name === 'n1'
    const tap = (): Tap => ({
      frame(way, content) {
        const first = Array.isArray(content) ? (content[1] as readonly (readonly unknown[])[])[0] : undefined
        if (!pours || first === undefined) return
        if (way === 'sent' && first[0] === 7) node.note('ping')
        if (way === 'received' && first[0] === 8) node.note('pong')
      },
      closed() {},
    })
    const options = { seeds: pours ? node.others : [], heartbeatMs: HEARTBEAT_MS }
    const system = await node.createSystem({ ...options, transport: tapped(node.transport, tap) })
    noteLinks(node, system)
    system.register(Sink, system.spawn(sink, { args: pours, name: 'sink' }))
  },
  checkers: [inTime],
})
