import test from 'ava'
import { LinkedActorError } from '../errors.ts'
import { oneForOne } from '../supervision/one-for-one.ts'
import { refusal, world } from '../testing/world.ts'
import { actor } from './actor.ts'
import { type Protocol, protocol } from './protocol.ts'
import type { AnyRef } from './ref.ts'

interface Partner {
  link: (ref: AnyRef) => void
  unlink: (ref: AnyRef) => void
  fail: () => void
  hang: () => Promise<void>
  ping: () => string
}
const Partner: Protocol<Partner> = protocol('partner')

const partner = actor(Partner, (context) => ({
  link: (ref) => context.link(ref),
  unlink: (ref) => context.unlink(ref),
  fail: () => {
    throw new Error('boom')
  },
  hang: () => new Promise<void>(() => {}),
  ping: () => 'pong',
}))
const AT_ONCE = { minMs: 0, maxMs: 0 } as const
const restarted = oneForOne({ backoff: AT_ONCE })

test('linked actors fail together, whichever made the link: the other one fails with LinkedActorError', async (t) => {
  for (const failing of ['a', 'b'] as const) {
    const { runtime, system, events } = await world()
    const a = system.spawn(partner, { name: 'a' })
    const b = system.spawn(partner, { name: 'b' })
    await a.ask('link', b)

    const [first, second] = failing === 'a' ? [a, b] : [b, a]
    first.tell('fail')
    await runtime.settle()

    const [own, together] = events.filter((event) => event.type === 'actor-failed')
    t.like(own, { path: first.path, error: { message: 'boom' } })
    t.like(together, { path: second.path, directive: 'stop' })
    t.true(together?.error instanceof LinkedActorError)
    t.like(together?.error, { code: 'LINKED_ACTOR', linked: first.path, reason: 'failed' })
    t.is((await refusal(t, second.ask('ping'))).reason, 'stopped')
  }
})

test('a link to an actor that has not started fails it once it has', async (t) => {
  const { runtime, system, events } = await world()
  const log: string[] = []
  const late = actor(protocol<{ work: () => void }>('late'), () => {
    log.push('set-up')
    return { work: () => void log.push('work') }
  })
  const ref = system.spawn(
    actor(protocol<{ begin: () => void }>('first'), (context) => ({
      begin: () => {
        const other = system.spawn(late)
        other.tell('work')
        context.link(other)
        throw new Error('boom')
      },
    })),
  )

  ref.tell('begin')
  await runtime.settle()

  t.deepEqual(log, ['set-up'])
  const [own, together] = events.filter((event) => event.type === 'actor-failed')
  t.is(own?.error.message, 'boom')
  t.true(together?.error instanceof LinkedActorError)
})

test('a linked actor that stops in order fails nobody', async (t) => {
  const { runtime, system, events } = await world()
  const a = system.spawn(partner)
  const b = system.spawn(partner)
  const c = system.spawn(partner)
  await a.ask('link', b)
  await b.ask('link', c)

  await system.stop(c)
  t.is(await b.ask('ping'), 'pong')
  await system.stop(a)
  await runtime.settle()

  t.is(await b.ask('ping'), 'pong')
  t.deepEqual(events, [])
})

test('being killed is an end that links pass on, and they do not wait for a handler', async (t) => {
  const { runtime, system, events } = await world()
  const a = system.spawn(partner, { name: 'a', stopTimeoutMs: 50 })
  const b = system.spawn(partner, { name: 'b', stopTimeoutMs: 10 })
  await a.ask('link', b)
  a.tell('hang')
  b.tell('hang')
  await runtime.settle()

  void system.stop(b)
  await runtime.advance(10)

  t.like(
    events.find((event) => event.type === 'actor-failed'),
    { path: '/user/a', error: { linked: '/user/b', reason: 'killed' } },
  )
  t.is((await refusal(t, a.ask('ping'))).reason, 'stopping')
})

test('the failure of a linked actor is supervised like any other: whoever is restarted begins without the link', async (t) => {
  const { runtime, system, events } = await world()
  const a = system.spawn(partner, { name: 'a', supervise: restarted })
  const b = system.spawn(partner, { name: 'b' })
  await a.ask('link', b)

  b.tell('fail')
  await runtime.advance(1)

  t.is(await a.ask('ping'), 'pong')
  t.deepEqual(
    events.flatMap((event) => (event.type === 'actor-failed' ? [`${event.path} ${event.directive}`] : [])),
    ['/user/b stop', '/user/a restart'],
  )
})

test('a restart ends the links of its incarnation in both directions, and is itself no end that others hear of', async (t) => {
  const { runtime, system, events } = await world()
  const a = system.spawn(partner, { name: 'a', supervise: oneForOne({ backoff: AT_ONCE, maxRestarts: 1 }) })
  const b = system.spawn(partner, { name: 'b' })
  await a.ask('link', b)
  a.tell('fail')
  await runtime.advance(1)
  t.is(await b.ask('ping'), 'pong')

  // The second failure is its end.
  a.tell('fail')
  await runtime.advance(1)

  t.is(await b.ask('ping'), 'pong')
  b.tell('fail')
  await runtime.settle()
  t.false(events.some((event) => event.type === 'actor-failed' && event.error instanceof LinkedActorError))
})

test('a restart of the one that was linked leaves the link as it is', async (t) => {
  const { runtime, system, events } = await world()
  const a = system.spawn(partner, { name: 'a' })
  const b = system.spawn(partner, { name: 'b', supervise: oneForOne({ backoff: AT_ONCE, maxRestarts: 1 }) })
  await a.ask('link', b)
  b.tell('fail')
  await runtime.advance(1)
  t.is(await a.ask('ping'), 'pong')

  b.tell('fail')
  await runtime.advance(1)

  t.like(events.at(-1), { type: 'actor-failed', path: '/user/a', error: { linked: '/user/b', reason: 'failed' } })
})

test('linking an actor that is gone already throws LinkedActorError: not-found', async (t) => {
  const { system } = await world()
  const a = system.spawn(partner)
  const gone = system.spawn(partner, { name: 'gone' })
  await system.stop(gone)

  const error = await refusal(t, a.ask('link', gone))

  t.like(error.cause, { causeName: 'LinkedActorError', causeCode: 'LINKED_ACTOR' })
  t.regex(error.message, /is linked with \/user\/gone, which has ended: not-found/)
})

test('a set-up that links an actor that is gone does not spin, whatever its backoff', async (t) => {
  const { runtime, system } = await world()
  const gone = system.spawn(partner)
  await system.stop(gone)
  let starts = 0
  system.spawn(
    actor('hopeless', (context) => {
      starts++
      context.link(gone)
      return {}
    }),
    { supervise: oneForOne({ backoff: AT_ONCE, maxRestarts: 1_000 }) },
  )

  await runtime.advance(1_000)

  t.true(starts <= 11, String(starts))
})

test('unlink ends a link in both directions; linking twice or oneself is one link or none', async (t) => {
  const { runtime, system, events } = await world()
  const a = system.spawn(partner, { name: 'a', supervise: oneForOne({ decide: () => 'resume' }) })
  const b = system.spawn(partner, { name: 'b', supervise: oneForOne({ decide: () => 'resume' }) })
  const c = system.spawn(partner, { name: 'c' })
  const d = system.spawn(partner, { name: 'd' })
  await a.ask('link', a)
  await a.ask('link', c)
  await a.ask('link', c)
  await b.ask('link', d)
  await b.ask('unlink', d)
  await b.ask('unlink', d)

  c.tell('fail')
  d.tell('fail')
  await runtime.settle()

  t.deepEqual(
    events.flatMap((event) => (event.type === 'actor-failed' ? [`${event.path}: ${event.error.name}`] : [])),
    ['/user/c: Error', '/user/a: LinkedActorError', '/user/d: Error'],
  )
})

test('a ring of linked actors fails once each', async (t) => {
  const { runtime, system, events } = await world()
  const ring = Array.from({ length: 20 }, (_, i) => system.spawn(partner, { name: `n${i}` }))
  for (const [i, ref] of ring.entries()) await ref.ask('link', ring[(i + 1) % ring.length]!)

  ring[7]?.tell('fail')
  await runtime.settle()

  const failed = events.flatMap((event) => (event.type === 'actor-failed' ? [event.path] : []))
  t.is(failed.length, ring.length)
  t.is(new Set(failed).size, ring.length)
})
