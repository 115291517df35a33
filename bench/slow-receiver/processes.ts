/**
 * Two processes over a WebSocket: `send SECONDS` starts the one that serves, and prints one line of JSON. `serve` has an
 * actor that takes a millisecond and more over each message.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { type ActorSystem, actor, createSystem, OfferError, protocol } from '@troupe/core'
import { webSocketTransport } from '@troupe/transport-ws'

/** What the run has come to. */
export interface Found {
  readonly seconds: number
  readonly told: number
  readonly offered: number
  readonly handled: number
  /** Dead letters of the sender, by reason. */
  readonly deadLetters: Readonly<Record<string, number>>
  /** Connections that either side has lost. */
  readonly lost: number
  readonly mostQueuedBytes: number
  /** Live bytes of the sender after a collection: at the start, and the most there were. */
  readonly startBytes: number
  readonly mostBytes: number
  /** Messages that waited at the receiver, at most. */
  readonly mostWaiting: number
  /** Of asks to another actor there, in ms. */
  readonly pingP50Ms: number
  readonly pingP99Ms: number
}

/** Messages told a second; the actor there handles less than a tenth of it. */
const TOLD_A_SECOND = 10_000
const TICK_MS = 10
const PAYLOAD_BYTES = 1024

interface Slow {
  work: (bytes: Uint8Array) => Promise<void>
}
const Slow = protocol<Slow>('slow')
const Quick = protocol<{ ping: () => Progress }>('quick')

interface Progress {
  readonly handled: number
  readonly waiting: number
  readonly lost: number
}

const [mode, seconds] = process.argv.slice(2)
if (mode === 'serve') await serve()
else await send(Number(seconds))

async function serve(): Promise<void> {
  const system = await createSystem({ name: 'slow', transport: webSocketTransport({ port: 0 }), log: false })
  let handled = 0
  const lost = losses(system)
  const slow = system.spawn(
    actor(Slow, () => ({
      work: async () => {
        await new Promise((resolve) => setTimeout(resolve, 1))
        handled++
      },
    })),
  )
  const waiting = (): number => system.inspect({ below: slow.path }).actors[0]?.queued ?? 0
  system.register(Slow, slow)
  system.register(
    Quick,
    system.spawn(actor(Quick, () => ({ ping: () => ({ handled, waiting: waiting(), lost: lost() }) }))),
  )
  process.on('disconnect', () => process.exit(0))
  process.send!(system.address)
}

async function send(forSeconds: number): Promise<void> {
  const server = fork(process.argv[1]!, ['serve'])
  const [address] = await once(server, 'message')
  const system = await createSystem({ name: 'fast', transport: webSocketTransport(), log: false })
  await system.connect(String(address))
  const slow = await system.find(Slow)
  const quick = await system.find(Quick)
  const lost = losses(system)
  const bytes = new Uint8Array(PAYLOAD_BYTES)
  const startMs = performance.now()
  const startBytes = liveBytes()
  const pings: number[] = []
  let [told, offered, mostQueuedBytes, mostBytes, mostWaiting] = [0, 0, 0, 0, 0]
  let isOver = false
  // First tells alone, as many as may wait; then somebody who waits for room besides, before whom no tell may go.
  const offering = (async () => {
    await new Promise((resolve) => setTimeout(resolve, forSeconds * 500))
    while (!isOver) {
      try {
        await slow.offer('work', bytes, { timeoutMs: 60_000 })
        offered++
      } catch (error) {
        if (!(error instanceof OfferError)) throw error
      }
    }
  })()
  for (let tick = 1; performance.now() - startMs < forSeconds * 1e3; tick++) {
    const due = ((performance.now() - startMs) * TOLD_A_SECOND) / 1e3
    for (; told < due; told++) slow.tell('work', bytes)
    mostQueuedBytes = Math.max(mostQueuedBytes, system.stats().remote?.queuedBytes ?? 0)
    if (tick % 10 === 0) {
      const beforeMs = performance.now()
      void quick.ask('ping').then(({ waiting }) => {
        pings.push(performance.now() - beforeMs)
        mostWaiting = Math.max(mostWaiting, waiting)
      })
    }
    if (tick % 100 === 0) mostBytes = Math.max(mostBytes, liveBytes())
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
  isOver = true
  await offering
  let progress = await quick.ask('ping')
  const expected = (): number => told + offered - dead(system)
  while (progress.handled < expected()) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const next = await quick.ask('ping')
    if (next.handled === progress.handled && next.waiting === 0) break
    progress = next
  }
  pings.sort((a, b) => a - b)
  const found: Found = {
    seconds: forSeconds,
    told,
    offered,
    handled: progress.handled,
    deadLetters: system.stats().deadLetters as Readonly<Record<string, number>>,
    lost: lost() + progress.lost,
    mostQueuedBytes,
    startBytes,
    mostBytes,
    mostWaiting,
    pingP50Ms: pings[pings.length >> 1] ?? 0,
    pingP99Ms: pings[Math.floor(pings.length * 0.99)] ?? 0,
  }
  console.log(JSON.stringify(found))
  server.disconnect()
  process.exit(0)
}

function losses(system: ActorSystem): () => number {
  let lost = 0
  system.events.subscribe(({ type }) => {
    if (type === 'peer-lost' || type === 'peer-down') lost++
  })
  return () => lost
}

function dead(system: ActorSystem): number {
  return Object.values(system.stats().deadLetters).reduce((sum, count) => sum + count, 0)
}

function liveBytes(): number {
  const collect = (globalThis as { gc?: () => void }).gc
  // What finalizers let go is collected by the second.
  collect?.()
  collect?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
