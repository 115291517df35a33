import { type ActorSystem, AskError, actor, createSystem } from '@troupe/core'
import test, { type ExecutionContext } from 'ava'
import { type ManualRuntime, manualRuntime, type Probe, type ProbeAnswer, ProbeError, probe, within } from './index.ts'

interface Ear {
  a: (n: number) => void
  b: () => string
  c: (list: readonly string[]) => number
}

test('messages come in order, with their payloads', async (t) => {
  const { seen } = await stage(t)
  seen.ref.tell('a', 1)
  seen.ref.tell('c', ['x'])
  seen.ref.tell('a', 2)

  t.deepEqual(await seen.expect('a'), { name: 'a', payload: 1 })
  const next = await seen.expect()
  t.deepEqual(next, { name: 'c', payload: ['x'] })
  // The name tells the payload.
  t.is(next.name === 'c' ? next.payload[0] : 'none', 'x')
  t.deepEqual(seen.pending, [{ name: 'a', payload: 2 }])
})

test('a wait moves time on until the message comes, and no further', async (t) => {
  const { system, runtime, seen } = await stage(t)
  system.after(250, () => seen.ref.tell('a', 1))
  await seen.expect('a')
  t.is(runtime.clock.now(), 250)
  await seen.expectNone()
  t.is(runtime.clock.now(), 350)
})

test('what did not come, what came instead and what is pending stand in the failure', async (t) => {
  const { seen } = await stage(t)
  await fails(t, seen.expect('a', 10), 'no "a" within 10 ms: nothing came')
  await fails(t, seen.expect(), 'no message within 1000 ms: nothing came')
  seen.ref.tell('a', 1)
  seen.ref.tell('c', ['x'])
  await fails(t, seen.expect('b'), 'got "a" 1 instead of "b"; after it "c" ["x"]')
  await fails(t, seen.expectNone(), 'got "c" ["x"], though nothing was to come')
  seen.ref.tell('c', ['x'.repeat(100)])
  for (let i = 0; i < 6; i++) seen.ref.tell('a', i)
  await fails(t, seen.expectNone(), /^got "c" \["x"\], "c" \["x{75}\.\.\., "a" 0, "a" 1, "a" 2 and 3 more, though/)
})

test('payloads that JSON has no form for do not hide the failure', async (t) => {
  const { system, runtime } = await stage(t)
  const seen = probe(system, runtime)
  const circle: { self?: object } = {}
  circle.self = circle
  seen.ref.tell('big' as never, ...([1n] as never))
  seen.ref.tell('circle' as never, ...([circle] as never))
  await fails(t, seen.expect('other'), 'got "big" "1n" instead of "other"; after it "circle" [object Object]')
})

test('several come in any order, each as often as it is named', async (t) => {
  const { seen } = await stage(t)
  seen.ref.tell('c', [])
  seen.ref.tell('a', 1)
  seen.ref.tell('a', 2)
  const [first, list, second] = await seen.expectAll(['a', 'c', 'a'])
  t.deepEqual([first.payload, list.payload, second.payload], [1, [], 2])

  seen.ref.tell('a', 3)
  await fails(t, seen.expectAll(['c', 'a', 'b'], 20), 'no "c", "b" within 20 ms; got "a" 3')
  seen.ref.tell('a', 4)
  seen.ref.tell('a', 5)
  seen.ref.tell('c', [])
  await fails(t, seen.expectAll(['c', 'a']), 'got "a" 5, while "c" were to come; after it "c" []')
})

test('names that are ignored are not seen, those that are pending neither, and are answered', async (t) => {
  const { runtime, seen } = await stage(t)
  seen.ref.tell('c', [])
  seen.ref.tell('a', 1)
  await runtime.settle()
  seen.ignore('c', 'b')
  t.is(await within(runtime, seen.ref.ask('b')), undefined as never)
  seen.ref.tell('c', [])
  await seen.expect('a')
  await seen.expectNone()
})

test('an ask is answered as the probe was told', async (t) => {
  const { runtime, seen } = await stage(t, (name) => `${name}!`)
  t.is(await within(runtime, seen.ref.ask('b')), 'b!')
  const got = await seen.expect('b')
  t.throws(() => seen.reply(got, 'late'), { instanceOf: ProbeError, message: /no answer is owed/ })
})

test('an ask can be answered later, in any order, with a value or an error, once', async (t) => {
  const { runtime, seen } = await stage(t)
  const one = seen.ref.ask('c', ['one'])
  const two = seen.ref.ask('b')
  const three = seen.ref.ask('b')
  const [first, second, third] = await seen.expectAll(['c', 'b', 'b'])

  seen.reply(second, 'two')
  seen.reply(first, 1)
  seen.replyError(third, new Error('not today'))
  t.is(await within(runtime, one), 1)
  t.is(await within(runtime, two), 'two')
  const error = await t.throwsAsync(within(runtime, three), { instanceOf: AskError })
  t.like(error, { outcome: 'failed', reason: 'refused' })
  t.throws(() => seen.reply(first, 2), { instanceOf: ProbeError })
})

test('the end of an actor is seen, with the reason if it was watched before', async (t) => {
  const { system, runtime, seen } = await stage(t)
  const short = actor('short', (ctx) => ({
    end: () => ctx.stop(),
    fail: () => {
      throw new Error('on purpose')
    },
  }))
  const [stopping, failing, gone] = [system.spawn(short), system.spawn(short), system.spawn(short)]
  await fails(t, seen.expectTerminated(stopping, 20), `${stopping.path} has not ended within 20 ms`)
  stopping.tell('end')
  t.like(await seen.expectTerminated(stopping), { reason: 'stopped' })
  await seen.watch(failing)
  failing.tell('fail')
  gone.tell('end')
  await runtime.settle()
  t.like(await seen.expectTerminated(failing), { reason: 'failed' })
  t.like(await seen.expectTerminated(gone), { reason: 'not-found' })
  t.deepEqual(seen.pending, [])
})

test('a probe can end or fail like any actor', async (t) => {
  const { system, runtime, seen } = await stage(t)
  const others = [probe(system, runtime), probe(system, runtime)] as const
  for (const other of others) await seen.watch(other.ref)
  await others[0].stop()
  await others[1].fail(new Error('on purpose'))
  t.like(await seen.expectTerminated(others[0].ref), { reason: 'stopped' })
  t.like(await seen.expectTerminated(others[1].ref), { reason: 'failed' })
  await system.stop()
  await fails(t, within(runtime, new Promise(() => {}), 5), 'not settled within 5 ms')
})

async function stage(
  t: ExecutionContext,
  answer?: ProbeAnswer,
): Promise<{ system: ActorSystem; runtime: ManualRuntime; seen: Probe<Ear> }> {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'test', runtime, log: false })
  t.teardown(() => void system.stop())
  return { system, runtime, seen: probe<Ear>(system, runtime, answer) }
}

async function fails(t: ExecutionContext, work: Promise<unknown>, message: string | RegExp): Promise<void> {
  await t.throwsAsync(work, { instanceOf: ProbeError, code: 'PROBE_FAILED', message })
}
