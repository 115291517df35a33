import test from 'ava'
import { createSystem } from '../index.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { peers } from '../rx.ts'

// With other nodes: packages/transport-memory/src/rx.test.ts.
test('a node by itself has an empty list of peers, once, until it stops', async (t) => {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false })
  const heard: unknown[] = []

  peers(system).subscribe({ next: (list) => heard.push(list), complete: () => heard.push('the end') })
  t.deepEqual(heard, [[]])
  void system.stop()
  await runtime.settle()

  t.deepEqual(heard, [[], 'the end'])
})
