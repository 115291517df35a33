import test from 'ava'
import { createSystem } from '../create-system.ts'
import { SystemStoppedError } from '../errors.ts'
import { manualRuntime } from '../runtime/manual.ts'
import type { Extension } from './actor-system.ts'
import { extension } from './extension.ts'

test('an extension is made when it is first asked for, once per system', async (t) => {
  const system = await createSystem({ name: 'a' })
  const other = await createSystem({ name: 'b' })
  let made = 0
  const Names = extension('names', ({ name }) => ({ name, nth: ++made }))
  t.is(made, 0)

  const one = system.extension(Names)

  t.is(system.extension(Names), one)
  t.deepEqual(one, { name: 'a', nth: 1 })
  t.deepEqual(other.extension(Names), { name: 'b', nth: 2 })
  await Promise.all([system.stop(), other.stop()])
})

test('an extension that cannot be made says so to whoever asked, and is tried again the next time', async (t) => {
  const system = await createSystem({ name: 'a' })
  let tries = 0
  const Late = extension('late', () => {
    if (++tries === 1) throw new Error('not yet')
    return tries
  })

  t.throws(() => system.extension(Late), { message: 'not yet' })

  t.is(system.extension(Late), 2)
  await system.stop()
})

test('extensions that need each other in a circle are refused with the circle', async (t) => {
  const system = await createSystem({ name: 'a' })
  const A: Extension<unknown> = extension('a', (it) => it.extension(B))
  const B: Extension<unknown> = extension('b', (it) => it.extension(A))

  t.throws(() => system.extension(A), { code: 'INVALID_OPTION', message: /a -> b -> a/ })
  await system.stop()
})

test('extensions are closed when the actors and connections are gone, the last one made first', async (t) => {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false })
  const closed: string[] = []
  const Pool = extension(
    'pool',
    () => 'pool',
    (it) => void closed.push(it),
  )
  const Metrics = extension(
    'metrics',
    (it) => `metrics of ${it.extension(Pool)}`,
    async (it) => void closed.push(it),
  )
  system.extension(Metrics)
  system.onStop('connections-closed', 'look', () => void t.deepEqual(closed, []))

  const stopped = system.stop()
  await runtime.settle()
  await stopped

  t.deepEqual(closed, ['metrics of pool', 'pool'])
  t.is(system.extension(Pool), 'pool')
  t.throws(() => system.extension(extension('new', () => 1)), { instanceOf: SystemStoppedError })
})

test('an extension that fails or hangs while it is closed is reported, and the others are closed', async (t) => {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false })
  const failed: string[] = []
  system.events.subscribe((event) => event.type === 'stop-task-failed' && failed.push(`${event.phase} ${event.task}`))
  const closed: string[] = []
  system.extension(
    extension(
      'good',
      () => 1,
      () => void closed.push('good'),
    ),
  )
  system.extension(
    extension(
      'bad',
      () => 1,
      () => {
        throw new Error('on purpose')
      },
    ),
  )
  system.extension(
    extension(
      'stuck',
      () => 1,
      () => new Promise<void>(() => {}),
    ),
  )

  const stopped = system.stop()
  await runtime.advance(5_000)
  await stopped

  t.deepEqual(failed, ['extensions stuck', 'extensions bad'])
  t.deepEqual(closed, ['good'])
})
