import test from 'ava'
import { actor } from '../actor/actor.ts'
import { protocol } from '../actor/protocol.ts'
import type { AnyRef, Ref } from '../actor/ref.ts'
import { ALL_PARTS } from '../all-parts.ts'
import { createSystem } from '../create-system.ts'
import { InvalidOptionError, NotSerializableError } from '../errors.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { behaviourContract } from '../testing/behaviour-contract.ts'
import { LocalSystem } from './local-system.ts'
import type { MessagePassing } from './message-guard.ts'
import { checkSystemOptions } from './system-options.ts'

for (const messages of ['encoded', 'frozen'] as const) {
  behaviourContract(
    test,
    `one node, messages ${messages}`,
    async () => {
      const system = await createSystem({ name: 'one', log: false, messages })
      return { here: system, there: system, encoded: messages === 'encoded', close: () => system.stop() }
    },
    { oneNode: true },
  )
}

interface Keeper {
  keep: (value: unknown) => void
  kept: () => unknown
  same: (value: unknown) => boolean
  give: (what: 'list' | 'function') => unknown
  failing: () => void
}
const Keeper = protocol<Keeper>('keeper')
const list = [{ n: 1 }]

const keeper = actor(Keeper, (ctx) => {
  let kept: unknown = null
  ctx.after(1, 'keep', list)
  return {
    keep: (value) => {
      kept = value
    },
    kept: () => kept,
    same: (value) => value === kept,
    give: (what) => (what === 'list' ? list : () => {}),
    failing: () => {
      throw new TypeError('on purpose')
    },
  }
})

async function start(messages?: MessagePassing) {
  const runtime = manualRuntime()
  const system = new LocalSystem(
    checkSystemOptions({ name: 'a', runtime, log: false, ...(messages && { messages }) }, ALL_PARTS),
    ALL_PARTS,
  )
  const letters: string[] = []
  system.events.subscribe((event) => event.type === 'dead-letter' && letters.push(event.reason))
  const answer = async <T>(asked: Promise<T>): Promise<T> => {
    asked.catch(() => {})
    await runtime.settle()
    return asked
  }
  return { runtime, system, ref: system.spawn<Keeper>(keeper), letters, answer }
}

test('between actors of one node a payload is passed by reference by default', async (t) => {
  const { ref, answer } = await start()
  const value = { n: 1 }

  ref.tell('keep', value)

  t.is(await answer(ref.ask('kept')), value)
})

test('messages frozen: a payload and an answer are the same objects, frozen through and through', async (t) => {
  const { ref, answer } = await start('frozen')
  const map = new Map([['k', { inner: [1] }]])
  const bytes = Uint8Array.of(1)
  const circle: Record<string, unknown> = { map, bytes, deep: [{ n: 1 }] }
  circle.self = circle

  ref.tell('keep', circle)
  const kept = (await answer(ref.ask('kept'))) as typeof circle

  t.is(kept, circle)
  t.throws(() => Object.assign(kept, { late: 1 }), { instanceOf: TypeError })
  t.true(Object.isFrozen(map.get('k')?.inner))
  t.notThrows(() => bytes.fill(2))
  t.true(Object.isFrozen((await answer(ref.ask('give', 'list'))) as object))
})

test('messages encoded: the receiver gets an equal copy, of the payload and of the answer, and refs as they are', async (t) => {
  const { ref, answer, system } = await start('encoded')
  const value = { n: [1, 2], at: new Date(5), to: ref as AnyRef }

  ref.tell('keep', value)
  const kept = (await answer(ref.ask('kept'))) as typeof value

  t.deepEqual(kept, value)
  t.not(kept, value)
  t.false(await answer(ref.ask('same', value)))
  t.is(kept.to, ref)
  const [, uid] = ref.id.split('/')
  t.is(system.local(Number(uid)), null)
})

test('messages encoded: a tell that could not travel throws NotSerializableError with the path, an ask rejects as not-sent', async (t) => {
  const { ref, answer, letters, runtime } = await start('encoded')
  const bad = { items: [{ onClick: () => {} }] }

  const error = t.throws(() => ref.tell('keep', bad), { instanceOf: NotSerializableError })
  t.is(error.path, 'payload.items[0].onClick')
  const asked = await t.throwsAsync(answer(ref.ask('same', bad)))
  t.like(asked, { outcome: 'not-sent', reason: 'not-serializable' })
  await t.throwsAsync(answer(ref.ask('keep', 'x'.repeat(17 * 2 ** 20))), { message: /exceeds the limit/ })
  await runtime.settle()

  t.is(await answer(ref.ask('kept')), null)
  t.deepEqual(letters, [])
})

test('messages encoded: an answer that could not travel fails the ask and not the actor, as over a link', async (t) => {
  const { ref, answer } = await start('encoded')
  ref.tell('keep', 'state')

  const error = await t.throwsAsync(answer(ref.ask('give', 'function')))

  t.like(error, { outcome: 'failed', reason: 'handler' })
  t.is(await answer(ref.ask('kept')), 'state')
})

test('what an actor sends itself by its context is let through, frozen or encoded', async (t) => {
  for (const messages of ['encoded', 'frozen'] as const) {
    const { ref, runtime } = await start(messages)
    await runtime.settle()

    await runtime.advance(1)
    const same = ref.ask('same', null)
    await runtime.settle()

    t.false(await same)
  }
  const { system, runtime } = await start('encoded')
  const got: unknown[] = []
  interface Selfish {
    tick: (payload: () => string) => void
  }
  const selfish = actor(protocol<Selfish>('selfish'), (ctx) => {
    // Reached by a tick, which no link will ever carry.
    ctx.after(1, 'tick', () => 'code')
    return { tick: (payload) => void got.push(payload) }
  })
  system.spawn(selfish)
  await runtime.settle()
  await runtime.advance(1)
  t.is(typeof got[0], 'function')
})

test('a message handed on is guarded again under its own name, and whoever asked gets one copy of the answer', async (t) => {
  const { ref, system, answer } = await start('encoded')
  interface Relay {
    kept: () => unknown
    bad: () => unknown
  }
  const relay = actor(protocol<Relay>('relay'), (ctx) => ({
    kept: () => ctx.forward(ref),
    bad: () => ctx.forward(ref, 'keep', () => {}),
  }))
  const front: Ref<Relay> = system.spawn(relay)
  ref.tell('keep', [1])

  t.deepEqual(await answer(front.ask('kept')), [1])
  const error = await t.throwsAsync(answer(front.ask('bad')))
  t.like(error, { outcome: 'not-sent', reason: 'not-serializable' })
})

test('any other way for messages is refused at the door', async (t) => {
  await t.throwsAsync(createSystem({ name: 'a', messages: 'copied' as never }), {
    instanceOf: InvalidOptionError,
    message: /one of by-reference, frozen, encoded/,
  })
})
