import test from 'ava'
import { of, throwError } from 'rxjs'
import { actor, createSystem, protocol } from '../index.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { into } from '../rx.ts'

interface Sink {
  value: (value: number) => void
  tick: () => void
  failed: (error: Error) => void
  done: () => void
}
const Sink = protocol<Sink>('sink')

async function start() {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false })
  const got: unknown[] = []
  const sink = system.spawn(
    actor(Sink, () => ({
      value: (value) => void got.push(value),
      tick: () => void got.push('tick'),
      failed: ({ message }) => void got.push(message),
      done: () => void got.push('done'),
    })),
  )
  return { runtime, sink, got }
}

test('each value is told to the actor in order, and nothing of the end', async (t) => {
  const { runtime, sink, got } = await start()

  of(1, 2, 3).subscribe(into(sink, 'value'))
  of('a', 'b').subscribe(into(sink, 'tick'))
  await runtime.settle()

  t.deepEqual(got, [1, 2, 3, 'tick', 'tick'])
})

test('the end and the error of the source are told where messages are named for them', async (t) => {
  const { runtime, sink, got } = await start()
  const ends = { error: 'failed', complete: 'done' } as const

  of(1).subscribe(into(sink, 'value', ends))
  throwError(() => new Error('dry')).subscribe(into(sink, 'value', ends))
  throwError(() => 'a string').subscribe(into(sink, 'value', ends))
  await runtime.settle()

  t.deepEqual(got, [1, 'done', 'dry', 'thrown: "a string"'])
})

test('an option of into that nobody reads is an error', async (t) => {
  const { sink } = await start()

  t.throws(() => into(sink, 'value', { errors: 'failed' } as object), { message: /into: .*did you mean "error"/ })
})
