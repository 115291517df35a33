import test from 'ava'
import { actor } from '../actor/actor.ts'
import { protocol } from '../actor/protocol.ts'
import { createSystem } from '../create-system.ts'
import { SystemStoppedError } from '../errors.ts'
import { manualRuntime } from '../runtime/manual.ts'
import type { LogSink } from './logger.ts'

async function start(log: LogSink | false = false) {
  const runtime = manualRuntime()
  return { runtime, system: await createSystem({ name: 'a', runtime, log }) }
}

test('a system says that it has stopped once, when its last actor is gone', async (t) => {
  const { runtime, system } = await start()
  const seen: unknown[] = []
  system.events.subscribe(({ type }) => seen.push([type, system.stopped]))
  const lasting = actor('lasting', (ctx) => {
    ctx.onStop(() => void seen.push(['cleaned up', system.stopped]))
    return {}
  })
  system.spawn(lasting)
  await runtime.settle()

  void system.stop()
  void system.stop()
  await runtime.settle()

  t.deepEqual(seen, [
    ['cleaned up', false],
    ['system-stopped', true],
  ])
})

test('a task of system.after runs once at its time, unless it is cancelled or the system has stopped', async (t) => {
  const { runtime, system } = await start()
  const ran: string[] = []
  const at = (delayMs: number) => system.after(delayMs, () => ran.push(`${delayMs} at ${system.clock.now()}`))

  at(10)
  at(-5)
  at(20).cancel()
  at(Number.POSITIVE_INFINITY)
  at(1_000)
  await runtime.advance(50)
  void system.stop()
  await runtime.settle()
  at(1)
  await runtime.advance(5_000)

  t.deepEqual(ran, ['-5 at 0', '10 at 10'])
})

test('nothing is found any more once the system has stopped, and nobody has to wait to hear so', async (t) => {
  const { runtime, system } = await start()
  void system.stop()
  await runtime.settle()

  await t.throwsAsync(system.find(protocol('service')), { instanceOf: SystemStoppedError })
})

test('a delay of system.after that is no number is a RangeError', async (t) => {
  const { system } = await start()

  t.throws(() => system.after(Number.NaN, () => {}), { instanceOf: RangeError, message: /got NaN/ })
})

test('what a task of system.after throws goes to the log, and the other tasks run', async (t) => {
  const lines: string[] = []
  const { runtime, system } = await start((level, path, message, data) => {
    lines.push(`${level} ${path} ${message}: ${String(data)}`)
  })
  let ran = false

  system.after(1, () => {
    throw new Error('on purpose')
  })
  system.after(1, () => {
    ran = true
  })
  await runtime.advance(1)

  t.true(ran)
  t.deepEqual(lines, ['error / a task of system.after threw: Error: on purpose'])
})

test('system.log goes where the actors log to, under the path /', async (t) => {
  const lines: unknown[] = []
  const { system } = await start((...line) => lines.push(line))

  system.log.info('hello', { n: 1 })

  t.deepEqual(lines, [['info', '/', 'hello', { n: 1 }]])
})
