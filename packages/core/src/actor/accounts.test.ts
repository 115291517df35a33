import test from 'ava'
import { createSystem } from '../create-system.ts'
import { bounded } from '../mailbox/bounded.ts'
import { randomDispatch } from '../runtime/dispatch-strategy.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { type Random, SeededRandom } from '../runtime/random.ts'
import { oneForOne } from '../supervision/one-for-one.ts'
import { actor } from './actor.ts'
import type { AskError } from './ask.ts'
import type { SpawnOptions } from './context.ts'
import { protocol } from './protocol.ts'
import type { Ref } from './ref.ts'

interface Inbox {
  got: (message: string) => Promise<void>
  open: () => void
}
const Inbox = protocol<Inbox>('inbox')
const SENDERS = 4
const EACH = 15
const NONE = 1_000_000

/** What became of each message. */
interface Books {
  readonly handled: string[]
  readonly dead: string[]
  /** Told in vain or offered in vain. */
  readonly returned: string[]
  /** Asked in vain. Most of these are dead letters too; those whose time was over are not. */
  readonly refused: string[]
}

/** Four senders tell, ask and offer, while their receiver waits, stashes, fails, restarts and at last stops. */
async function run(seed: number): Promise<Books & { overlaps: number; stopped: boolean }> {
  const runtime = manualRuntime()
  const random = new SeededRandom(seed)
  const dispatch = randomDispatch(random.stream('dispatch'), 1 + random.below(3))
  const chosen = random.below(2) === 0 ? {} : { dispatch }
  const system = await createSystem({ name: 'a', log: false, runtime: { ...runtime, ...chosen } })
  const books: Books = { handled: [], dead: [], returned: [], refused: [] }
  system.events.subscribe((event) => void (event.type === 'dead-letter' && books.dead.push(String(event.payload))))
  let running = 0
  let overlaps = 0

  const inbox = actor(Inbox, (ctx) => {
    let closed = random.below(2) === 0
    if (closed) ctx.after(random.below(20), 'open')
    return {
      got: async (message) => {
        if (running > 0) overlaps++
        if (closed) return ctx.stash() as never
        books.handled.push(message)
        running++
        try {
          const dice = random.below(12)
          if (dice < 4) await new Promise<void>((resolve) => void runtime.scheduler.after(random.below(8), resolve))
          if (dice === 0 || dice === 5) throw new Error('as it happens')
        } finally {
          running--
        }
      },
      open: () => {
        closed = false
        ctx.unstash()
      },
    }
  })
  const ref = system.spawn(inbox, options(random))
  for (let id = 0; id < SENDERS; id++) system.spawn(sender(id, ref, random, books)).tell('send', 0)

  await runtime.advance(random.below(2) === 0 ? 30 : 500)
  let stopped = false
  void system.stop(ref, { drain: random.below(2) === 0 }).then(() => {
    stopped = true
  })
  await runtime.advance(20_000)
  void system.stop()
  await runtime.advance(20_000)
  return { ...books, overlaps, stopped }
}

function options(random: Random): SpawnOptions {
  const overflow = (['reject', 'drop-newest', 'drop-oldest'] as const)[random.below(3)]!
  const mailbox = random.below(2) === 0 ? {} : { mailbox: bounded({ capacity: 1 + random.below(6), overflow }) }
  const maxRestarts = random.below(2) === 0 ? NONE : 6
  return { supervise: oneForOne({ maxRestarts, withinMs: NONE, backoff: { minMs: 5, maxMs: 10 } }), ...mailbox }
}

/** Sends one message a turn, each with the name of its sender and a number. */
function sender(id: number, to: Ref<Inbox>, random: Random, { returned, refused }: Books) {
  return actor(protocol<{ send: (n: number) => Promise<void> }>('sender'), (ctx) => ({
    send: async (n) => {
      const message = `${id}.${n}`
      const how = random.below(3)
      if (n < EACH - 1) ctx.self.tell('send', n + 1)
      if (how === 0) {
        if (!to.tell('got', message)) returned.push(message)
      } else if (how === 1) {
        to.ask('got', message, { timeoutMs: NONE }).catch(({ outcome }: AskError) => {
          if (outcome === 'not-sent') refused.push(message)
        })
      } else await to.offer('got', message, { timeoutMs: NONE }).catch(() => void returned.push(message))
    },
  }))
}

test('whatever stashes, fails, restarts, overflows and stops: each message has one end, and pairs keep their order', async (t) => {
  for (let seed = 0; seed < 100; seed++) {
    const { handled, dead, returned, refused, overlaps, stopped } = await run(seed)

    t.true(stopped, `seed ${seed}: the receiver has stopped`)
    t.is(overlaps, 0, `seed ${seed}`)
    const ends = [...handled, ...new Set([...dead, ...refused]), ...returned]
    t.is(ends.length, SENDERS * EACH, `seed ${seed}: each has an end`)
    t.is(new Set(ends).size, SENDERS * EACH, `seed ${seed}: and no second one`)
    for (let id = 0; id < SENDERS; id++) {
      const numbers = handled
        .filter((message) => message.startsWith(`${id}.`))
        .map((message) => Number(message.slice(2)))
      t.deepEqual(
        numbers,
        [...numbers].sort((a, b) => a - b),
        `seed ${seed}, sender ${id}`,
      )
    }
  }
})
