import test from 'ava'
import { firstValueFrom, map } from 'rxjs'
import { actor, createSystem, type Ref } from '../index.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { events } from '../rx.ts'

type Loose = Ref<Record<string, (payload?: unknown) => void>>

const fragile = actor('fragile', () => ({
  fail: (): void => {
    throw new Error('on purpose')
  },
}))

async function start() {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false })
  return { runtime, system, stop: () => Promise.all([system.stop(), runtime.settle()]) }
}

test('a subscriber hears every event from then on, then that the system has stopped, then the end', async (t) => {
  const { runtime, system, stop } = await start()
  const ref = system.spawn(fragile)
  const heard: string[] = []
  ;(ref as Loose).tell('before')
  await runtime.settle()

  events(system).subscribe({ next: ({ type }) => heard.push(type), complete: () => heard.push('the end') })
  ;(ref as Loose).tell('nonsense')
  ref.tell('fail')
  await runtime.settle()
  await stop()
  ref.tell('fail')

  t.deepEqual(heard, ['dead-letter', 'actor-failed', 'system-stopped', 'the end'])
})

test('narrowed to some types, only events of these come', async (t) => {
  const { runtime, system, stop } = await start()
  const ref = system.spawn(fragile)
  const letters: string[] = []
  const both: string[] = []
  let ended = 0
  const complete = (): number => ended++
  const message$ = events(system, 'dead-letter').pipe(map(({ message }) => message))
  message$.subscribe({ next: (message) => letters.push(message), complete })
  events(system, 'dead-letter', 'actor-failed').subscribe({ next: ({ type }) => both.push(type), complete })

  ;(ref as Loose).tell('nonsense')
  ref.tell('fail')
  await runtime.settle()
  await stop()

  t.deepEqual([letters, both, ended], [['nonsense'], ['dead-letter', 'actor-failed'], 2])
})

test('whoever has unsubscribed hears nothing any more, and leaves nothing behind', async (t) => {
  const { runtime, system } = await start()
  const ref = system.spawn(fragile) as Loose
  const heard: string[] = []
  let listeners = 0
  const { subscribe } = system.events
  system.events.subscribe = (listener) => {
    const leave = subscribe.call(system.events, listener)
    listeners++
    return () => {
      listeners--
      leave()
    }
  }

  const subscription = events(system).subscribe(({ type }) => heard.push(type))
  const first = firstValueFrom(events(system, 'dead-letter'))
  t.is(listeners, 4)
  ref.tell('nonsense')
  await runtime.settle()
  subscription.unsubscribe()
  ref.tell('nonsense')
  await runtime.settle()

  t.is((await first).reason, 'unhandled')
  t.deepEqual([heard, listeners], [['dead-letter'], 0])
})

test('on a system that has stopped, a subscription completes at once', async (t) => {
  const { system, stop } = await start()
  await stop()
  const heard: string[] = []

  events(system).subscribe({ next: ({ type }) => heard.push(type), complete: () => heard.push('the end') })

  t.deepEqual(heard, ['the end'])
})
