import test from 'ava'
import { map, type Observer, of, share, throwError } from 'rxjs'
import { actor, createSystem, type Ref } from '../index.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { events, untilStopped } from '../rx.ts'

async function start() {
  const runtime = manualRuntime()
  const lines: string[] = []
  const system = await createSystem({
    name: 'a',
    runtime,
    log: (level, _path, message, data) => void (level === 'error' && lines.push(`error ${message}: ${String(data)}`)),
  })
  const deaf = system.spawn(actor('deaf', () => ({}))) as Ref<Record<string, () => void>>
  const happen = async (): Promise<void> => {
    deaf.tell('nonsense')
    await runtime.settle()
  }
  return { runtime, system, lines, happen }
}

const boom = (): never => {
  throw new Error('boom')
}

test('a listener that throws is reported to the log, hears on, and disturbs neither others nor the system', async (t) => {
  const { system, lines, happen } = await start()
  let heard = 0
  events(system).subscribe(boom)
  events(system)
    .pipe(
      map(({ type }) => type),
      share(),
    )
    .subscribe({ next: boom })
  events(system).subscribe(() => heard++)

  await happen()
  await happen()

  t.is(heard, 2)
  t.deepEqual(lines, Array(4).fill('error a listener of an Observable threw: Error: boom'))
})

test('listeners to the end and to an error may throw too, and an error without a listener is logged', async (t) => {
  const { system, lines } = await start()
  const failing = throwError(() => new Error('the source')).pipe(untilStopped(system))

  of(1).pipe(untilStopped(system)).subscribe({ complete: boom })
  failing.subscribe({ error: boom })
  failing.subscribe(() => {})
  failing.subscribe()

  t.deepEqual(lines, [
    'error a listener of an Observable threw: Error: boom',
    'error a listener of an Observable threw: Error: boom',
    'error an Observable failed, and nobody listened to its error: Error: the source',
    'error an Observable failed, and nobody listened to its error: Error: the source',
  ])
})

test('an operator that throws ends its own subscription with an error, and no other', async (t) => {
  const { system, lines, happen } = await start()
  const errors: unknown[] = []
  let heard = 0
  events(system)
    .pipe(map(boom))
    .subscribe({ error: (error) => errors.push(error.message) })
  events(system).subscribe(() => heard++)

  await happen()
  await happen()

  t.deepEqual([errors, heard, lines], [['boom'], 2, []])
})

test('listeners may be functions, an object, or an instance with methods that use this', async (t) => {
  const { system, lines } = await start()
  const heard: string[] = []
  class Collector implements Observer<number> {
    readonly #heard = heard
    next(value: number): void {
      this.#heard.push(`next ${value}`)
    }
    error(): void {}
    complete(): void {
      this.#heard.push('complete')
    }
  }
  const source = of(1).pipe(untilStopped(system))

  source.subscribe(new Collector())
  source.subscribe((value) => heard.push(`function ${value}`))
  source.subscribe({ complete: () => heard.push('object') })
  source.subscribe(null)
  await source.forEach((value) => heard.push(`forEach ${value}`))
  await t.throwsAsync(source.forEach(boom), { message: 'boom' })

  t.deepEqual(heard, ['next 1', 'complete', 'function 1', 'object', 'forEach 1'])
  t.deepEqual(lines, [])
})
