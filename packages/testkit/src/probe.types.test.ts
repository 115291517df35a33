import { actor, protocol, type Ref } from '@troupe/core'
import test from 'ava'
import { type Alone, behave, type Probe, type Received } from './index.ts'

interface Ear {
  a: (n: number) => void
  b: () => string
}

// Never run: the type checker is what tests it.
export async function probes(seen: Probe<Ear>, anything: Probe): Promise<void> {
  const a: number = (await seen.expect('a')).payload
  // @ts-expect-error: it is a number
  const wrong: string = (await seen.expect('a')).payload
  // @ts-expect-error: no such message
  await seen.expect('c')
  const [one, two] = await seen.expectAll(['b', 'a'])
  const none: undefined = one.payload
  const n: number = two.payload
  seen.reply(one, 'text')
  // @ts-expect-error: answered with a string
  seen.reply(one, 1)
  // @ts-expect-error: no such message
  seen.ignore('c')

  const unknown: unknown = (await anything.expect('whatever')).payload
  const received: Received = await anything.expect()
  anything.reply(received, 1)
  void [a, wrong, none, n, unknown]
}

const plain = actor(protocol<Ear>('plain'), () => ({ a: () => {}, b: () => 'b' }))
const withArgs = actor(protocol<Ear>('with-args'), (_, ear: Ref<Ear>) => ({
  a: (n) => void ear.tell('a', n),
  b: () => 'b',
}))

// Never run.
export async function behaviours(alone: Alone<Ear>): Promise<void> {
  const text: string | undefined = (await alone.handle('b')).reply
  await alone.handle('a', 1)
  // @ts-expect-error: a number is missing
  await alone.handle('a')
  // @ts-expect-error: no such message
  await alone.handle('c')
  await behave(plain)
  await behave(plain, { name: 'x', seed: 2 })
  // @ts-expect-error: its set-up takes arguments
  await behave(withArgs)
  await behave(withArgs, { argsFrom: (standIn) => standIn<Ear>('ear').ref })
  // @ts-expect-error: a ref to another protocol
  await behave(withArgs, { argsFrom: (standIn) => standIn<{ c: () => void }>('ear').ref })
  void text
}

test('names, payloads and answers of probes and of actors alone are those of the protocol', (t) => {
  t.pass()
})
