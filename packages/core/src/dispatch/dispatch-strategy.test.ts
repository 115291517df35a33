import test from 'ava'
import fc from 'fast-check'
import { actor } from '../actor/actor.ts'
import { protocol } from '../actor/protocol.ts'
import type { Ref } from '../actor/ref.ts'
import { createSystem } from '../create-system.ts'
import { bounded } from '../mailbox/bounded.ts'
import { priority } from '../mailbox/priority.ts'
import { type DispatchStrategy, randomDispatch } from '../runtime/dispatch-strategy.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { SeededRandom } from '../runtime/random.ts'
import { realRuntime } from '../runtime/real.ts'
import { behaviourContract } from '../testing/behaviour-contract.ts'

behaviourContract(
  test,
  'one node, random dispatch',
  async () => {
    const runtime = { ...realRuntime(), dispatch: randomDispatch(new SeededRandom(7)) }
    const system = await createSystem({ name: 'one', log: false, runtime })
    return { here: system, there: system, close: () => system.stop() }
  },
  { oneNode: true },
)

interface Sink {
  got: (what: readonly [sender: number, n: number]) => void
}
interface Sender {
  go: (to: Ref<Sink>) => void
}
const SENDERS = 4
const EACH = 5

/** @returns what the sink got, in order: senders that send one message per turn */
async function trace(dispatch?: DispatchStrategy): Promise<string[]> {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', log: false, runtime: { ...runtime, ...(dispatch && { dispatch }) } })
  const got: string[] = []
  const sink = system.spawn(actor(protocol<Sink>('sink'), () => ({ got: ([s, n]) => void got.push(`${s}.${n}`) })))
  const sender = actor(protocol<Sender>('sender'), (ctx, id: number) => {
    let n = 0
    return {
      go: (to) => {
        to.tell('got', [id, n])
        if (++n < EACH) ctx.self.tell('go', to)
      },
    }
  })
  for (let id = 0; id < SENDERS; id++) system.spawn(sender, { args: id }).tell('go', sink)
  await runtime.settle()
  return got
}

const seeded = (seed: number, quantum?: number): Promise<string[]> =>
  trace(randomDispatch(new SeededRandom(seed), quantum))

test('a random dispatch interleaves senders in any way, and each pair of sender and receiver stays first in, first out (law 1)', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 4 }), async (seed, quantum) => {
      const got = await seeded(seed, quantum)

      for (let id = 0; id < SENDERS; id++) {
        const ofOne = got.filter((entry) => entry.startsWith(`${id}.`))
        t.deepEqual(
          ofOne,
          Array.from({ length: EACH }, (_, n) => `${id}.${n}`),
        )
      }
    }),
    { numRuns: 50 },
  )
})

test('tells and asks of each pair are handled in order, once each, whatever the mailboxes, handlers and dispatch seeds (law 1)', async (t) => {
  interface Inbox {
    got: (what: readonly [sender: number, n: number]) => void | Promise<void>
    open: () => void
  }
  const Inbox = protocol<Inbox>('inbox')
  interface Source {
    send: (left: number) => void
  }
  const mailboxes = {
    none: {},
    bounded: { mailbox: bounded({ capacity: 1_000 }) },
    priority: { mailbox: priority({ of: () => 1 }) },
  }
  const kind = fc.record({
    how: fc.constantFrom('sync', 'async', 'stash' as const),
    mailbox: fc.constantFrom('none', 'bounded', 'priority' as const),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.integer({ min: 1, max: 3 }),
      fc.array(kind, { minLength: 1, maxLength: 3 }),
      async (seed, quantum, kinds) => {
        const runtime = manualRuntime()
        const random = new SeededRandom(seed)
        const dispatch = randomDispatch(random.stream('dispatch'), quantum)
        const system = await createSystem({ name: 'a', log: false, runtime: { ...runtime, dispatch } })
        const heard: string[][] = kinds.map(() => [])
        const inboxes = kinds.map(({ how, mailbox }, at) => {
          const inbox = actor(Inbox, (ctx) => {
            // Some set everything aside for a while, and then take it back.
            let closed = how === 'stash'
            if (closed) ctx.self.tell('open')
            return {
              got: ([sender, n]) => {
                if (closed) return ctx.stash()
                heard[at]!.push(`${sender}.${n}`)
                return how === 'async' ? Promise.resolve() : undefined
              },
              open: () => {
                closed = false
                ctx.unstash()
              },
            }
          })
          return system.spawn(inbox, mailboxes[mailbox])
        })
        for (let id = 0; id < SENDERS; id++) {
          const own = random.stream(`${id}`)
          const sent = kinds.map(() => 0)
          const source = actor(protocol<Source>('source'), (ctx) => ({
            send: (left) => {
              const to = own.below(inboxes.length)
              if (own.below(2) === 0) inboxes[to]!.tell('got', [id, sent[to]!++])
              else void inboxes[to]!.ask('got', [id, sent[to]!++])
              if (left > 0) ctx.self.tell('send', left - 1)
            },
          }))
          system.spawn(source).tell('send', 11)
        }

        await runtime.settle()

        t.is(heard.flat().length, SENDERS * 12)
        for (const inbox of heard) {
          for (let id = 0; id < SENDERS; id++) {
            const ofOne = inbox.filter((entry) => entry.startsWith(`${id}.`))
            t.deepEqual(
              ofOne,
              Array.from(ofOne, (_, n) => `${id}.${n}`),
            )
          }
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('equal seeds give equal runs, and other seeds other ones', async (t) => {
  const runs = await Promise.all(Array.from({ length: 20 }, (_, seed) => seeded(seed)))

  t.deepEqual(await Promise.all(Array.from({ length: 20 }, (_, seed) => seeded(seed))), runs)
  t.true(new Set(runs.map(String)).size >= 19)
})

test('with the quantum 1 an actor is to be chosen again after each message, with 2 after every second one', async (t) => {
  for (const quantum of [1, 2]) {
    const taken: string[] = []
    const runtime = manualRuntime()
    // The newest always: whoever has been chosen goes on, as long as it is chosen anew.
    const choices: number[] = []
    const dispatch = { quantum, choose: (ready: number) => choices.push(ready) * 0 }
    const system = await createSystem({ name: 'a', log: false, runtime: { ...runtime, dispatch } })
    const refs = ['a', 'b'].map((name) =>
      system.spawn(actor(name, () => ({ take: (n: number) => void taken.push(`${name}${n}`) }))),
    )
    await runtime.settle()
    choices.length = 0
    for (const ref of refs) for (let n = 0; n < 4; n++) ref.tell('take', n)

    await runtime.settle()

    t.deepEqual(
      taken,
      quantum === 1
        ? ['a0', 'b0', 'a1', 'b1', 'a2', 'b2', 'a3', 'b3']
        : ['a0', 'a1', 'b0', 'b1', 'a2', 'a3', 'b2', 'b3'],
    )
    t.true(choices.length > 0 && choices.every((ready) => ready === 2))
  }
})

test('whoever is chosen goes first, and those before it keep their order', async (t) => {
  const taken: string[] = []
  const runtime = manualRuntime()
  let plan: number[] = []
  const dispatch = { quantum: 1, choose: () => plan.shift() ?? 0 }
  const system = await createSystem({ name: 'a', log: false, runtime: { ...runtime, dispatch } })
  const refs = ['a', 'b', 'c', 'd', 'e'].map((name) =>
    system.spawn(actor(name, () => ({ take: () => void taken.push(name) }))),
  )
  await runtime.settle()

  plan = [3, 1, 0, 1]
  for (const ref of refs) ref.tell('take')
  await runtime.settle()

  t.deepEqual(taken, ['d', 'b', 'a', 'e', 'c'])
})
