/**
 * What a message costs while thousands wait, by kind of mailbox: told in bursts of 8,192, or with
 * `if (!ref.tell(...)) await ref.offer(...)` where 1,024 fit. ns a message, sent and handled; least of 31 rounds.
 *
 *   node scripts/run.mjs packages/core/bench/mailboxes.ts
 *
 * Node 20.20, a busy machine of two cores:
 *   unbounded, 8,192 waiting        50
 *   bounded, 8,192 waiting          60
 *   priority of 2, 8,192 waiting    96
 *   tell, else offer, 1,024 fit     61
 */
import { actor, bounded, createSystem, type MailboxStrategy, priority, protocol, type Ref } from '@troupe/core'

interface Sink {
  item: (n: number) => void
}

const MESSAGES = 262_144
const BURST = 8_192
const ROUNDS = 31

let handled = 0
const sink = actor(protocol<Sink>('sink'), () => ({ item: () => void handled++ }))
const system = await createSystem({ name: 'bench', log: false })

async function bursts(ref: Ref<Sink>): Promise<void> {
  for (let i = 0; i < MESSAGES; i += BURST) {
    for (let n = 0; n < BURST; n++) ref.tell('item', n)
    await ref.ask('item', -1)
  }
}

async function backpressured(ref: Ref<Sink>): Promise<void> {
  for (let n = 0; n < MESSAGES; n++) if (!ref.tell('item', n)) await ref.offer('item', n)
  await ref.offer('item', -1)
}

const full = { capacity: 1_024, overflow: 'reject' } as const
const large = { capacity: 100_000, overflow: 'reject' } as const
const variants: [string, (ref: Ref<Sink>) => Promise<void>, MailboxStrategy | undefined][] = [
  ['unbounded, 8,192 waiting', bursts, undefined],
  ['bounded, 8,192 waiting', bursts, bounded(large)],
  ['priority of 2, 8,192 waiting', bursts, priority({ of: (_name, payload) => Number(payload) & 1 })],
  ['tell, else offer, 1,024 fit', backpressured, bounded(full)],
]
const best = new Map<string, number>()
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, run, mailbox] of variants) {
    const ref = system.spawn(sink, mailbox === undefined ? {} : { mailbox })
    const start = process.hrtime.bigint()
    await run(ref)
    const ns = Number(process.hrtime.bigint() - start) / MESSAGES
    best.set(name, Math.min(ns, best.get(name) ?? Number.POSITIVE_INFINITY))
    await system.stop(ref)
  }
}
for (const [name, ns] of best) console.log(`${name.padEnd(32)}${ns.toFixed(1)}`)
if (handled < ROUNDS * variants.length * MESSAGES) throw new Error(`only ${handled} handled`)
await system.stop()
