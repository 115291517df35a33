import test from 'ava'
import { actor } from '../actor/actor.ts'
import { protocol } from '../actor/protocol.ts'
import type { Terminated } from '../actor/terminated.ts'
import { createSystem } from '../create-system.ts'
import { manualRuntime } from '../runtime/manual.ts'

interface Sink {
  got: (value: string) => void
  all: () => readonly string[]
}
const Sink = protocol<Sink>('sink')
const sink = actor(Sink, () => {
  const values: string[] = []
  return { got: (value) => void values.push(value), all: () => values }
})

test('a tick, a piped result and a notice may be forwarded, even by an actor that then stops', async (t) => {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false })
  const target = system.spawn(sink)
  interface Relay {
    got: (value: string) => void
  }
  const relay = actor(protocol<Relay>('relay'), (ctx) => {
    ctx.after(10, 'got', 'tick')
    ctx.pipe(Promise.resolve('piped'), 'got')
    let forwarded = 0
    return {
      got: () => {
        if (++forwarded === 2) ctx.stop()
        return ctx.forward(target)
      },
    }
  })

  system.spawn(relay)
  await runtime.advance(20)
  const all = target.ask('all')
  await runtime.settle()

  t.deepEqual(await all, ['piped', 'tick'])
})

test('a log sink that throws harms nobody', async (t) => {
  const runtime = manualRuntime()
  const log = (): never => {
    throw new Error('the disk of the log is full')
  }
  const system = await createSystem({ name: 'a', runtime, log })
  const fragile = actor('fragile', () => ({
    fail: () => {
      throw new Error('on purpose')
    },
  }))
  const complain = console.error
  let complaints = 0
  console.error = () => complaints++
  t.teardown(() => {
    console.error = complain
  })

  system.spawn(fragile).tell('fail')
  await runtime.settle()
  const all = system.spawn(sink).ask('all')
  await runtime.settle()

  t.deepEqual(await all, [])
  t.true(complaints > 0)
})

test('a find that is under way when the system stops is told so', async (t) => {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false })

  const found = system.find(Sink, { timeoutMs: 1e6 }).then(
    () => 'found',
    (error) => error.code,
  )
  void system.stop()
  await runtime.settle()

  t.is(await found, 'SYSTEM_STOPPED')
})

test('a watch is over once its notice was handled: watching again brings one more, not-found', async (t) => {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false })
  const target = system.spawn(sink)
  const reasons: string[] = []
  interface Watching {
    gone: (notice: Terminated) => void
    again: () => void
  }
  const watching = actor(protocol<Watching>('watching'), (ctx) => {
    ctx.watch(target, 'gone')
    return { gone: ({ reason }) => void reasons.push(reason), again: () => ctx.watch(target, 'gone') }
  })
  const watcher = system.spawn(watching)
  await runtime.settle()

  void system.stop(target)
  await runtime.settle()
  watcher.tell('again')
  await runtime.settle()

  t.deepEqual(reasons, ['stopped', 'not-found'])
})

test('what is no actor, and a system without a name, are refused at the door', async (t) => {
  const system = await createSystem({ name: 'a', runtime: manualRuntime(), log: false })

  t.throws(() => system.spawn(Sink as never, {} as never), {
    code: 'INVALID_OPTION',
    message: /made by actor\(\.\.\.\)/,
  })
  await t.throwsAsync(createSystem({} as never), { code: 'INVALID_OPTION', message: /"name"/ })
  await t.throwsAsync(createSystem(undefined as never), { code: 'INVALID_OPTION' })
})
