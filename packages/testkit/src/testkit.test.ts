import { createSystem } from '@troupe/core'
import test from 'ava'
import { manualRuntime, ProbeError, probe, within } from './index.ts'

test('a probe sees messages in order, answers asks, and fails when nothing or something else comes', async (t) => {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'test', runtime, log: false })
  const seen = probe<{ a: (n: number) => void; b: () => string }>(system, runtime, (name) => `${name}!`)

  seen.ref.tell('a', 1)
  const answer = await within(runtime, seen.ref.ask('b'))

  t.is(answer, 'b!')
  t.deepEqual(await seen.expect('a'), { name: 'a', payload: 1 })
  await t.throwsAsync(seen.expect('a'), { instanceOf: ProbeError, message: /got b instead of a/ })
  await seen.expectNone()
  await t.throwsAsync(seen.expect('a', 10), { instanceOf: ProbeError, message: /within 10 ms/ })
  await t.throwsAsync(within(runtime, new Promise(() => {}), 5), { instanceOf: ProbeError })
})
