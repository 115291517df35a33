import { actor, bounded, NotSerializableError, protocol, type Ref, tellAll } from '@troupe/core'
import test from 'ava'
import { type Recorder, recorder } from './testing/recorder.ts'
import { type Node, World } from './testing/world.ts'

interface Board {
  post: (posting: { readonly text: string; readonly by?: Ref<Recorder> }) => void
}
const Board = protocol<Board>('board')

interface Desk {
  subscribe: (board: Ref<Board>) => void
}
const Desk = protocol<Desk>('desk')

/** A board, what stands on it, and who has posted it. */
function board(node: Node, full = false) {
  const texts: string[] = []
  const givers: Ref<Recorder>[] = []
  const definition = actor(Board, () => ({
    post: ({ text, by }) => {
      texts.push(text)
      if (by !== undefined) givers.push(by)
    },
  }))
  const options = full ? { mailbox: bounded({ capacity: 1, overflow: 'reject' }) } : {}
  return { ref: node.system.spawn(definition, options), texts, givers }
}

test('a payload for many is encoded once, and after that it is encoded again', async (t) => {
  const world = new World()
  const here = await world.node('here')
  const there = [await world.node('a'), await world.node('b'), await world.node('c')]
  for (const node of there) await world.connect(node, here)
  const boards = there.map((node) => board(node))
  const refs: Ref<Board>[] = []
  for (const [i, { ref }] of boards.entries()) refs.push(await world.lend(ref, there[i]!, here))
  let reads = 0
  const posting = {
    get text() {
      return `read ${++reads}`
    },
  }

  t.deepEqual(tellAll(refs, 'post', posting), [])
  for (const ref of refs) ref.tell('post', posting)
  await world.time.advance(20)

  t.deepEqual(
    boards.map(({ texts }) => texts),
    [
      ['read 1', 'read 2'],
      ['read 1', 'read 3'],
      ['read 1', 'read 4'],
    ],
  )
  await world.stop()
})

test('each of many clients is given the refs in what all are told', async (t) => {
  const world = new World()
  const server = await world.node('server', { expose: [Desk] })
  const subscribers: Ref<Board>[] = []
  const desk = actor(Desk, () => ({ subscribe: (ref) => void subscribers.push(ref) }))
  server.system.register(Desk, server.system.spawn(desk))
  const hidden = recorder(server)
  const boards = []
  for (const name of ['x', 'y', 'z']) {
    const client = await world.node(name, { role: 'client' })
    await world.connect(client, server)
    const own = board(client)
    const ref = await world.during(client.system.find(Desk))
    ref.tell('subscribe', own.ref)
    boards.push(own)
  }
  await world.time.advance(20)

  tellAll(subscribers, 'post', { text: 'write to me', by: hidden.ref })
  await world.time.advance(20)
  for (const [i, { givers }] of boards.entries()) givers[0]!.tell('note', i)
  await world.time.advance(20)

  t.deepEqual(
    boards.map(({ texts }) => texts),
    [['write to me'], ['write to me'], ['write to me']],
  )
  t.deepEqual(hidden.noted.toSorted(), [0, 1, 2])
  await world.stop()
})

test('on this node each is told the same object, and those are named who turned it down; what cannot travel throws', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const [open, full] = [board(a), board(a, true)]
  const remote = await world.lend(board(b).ref, b, a)
  full.ref.tell('post', { text: 'first' })

  t.deepEqual(tellAll([open.ref, full.ref], 'post', { text: 'second' }), [full.ref])
  t.throws(() => tellAll([open.ref, remote], 'post', { text: Symbol('third') as never }), {
    instanceOf: NotSerializableError,
  })
  await world.time.advance(20)

  t.deepEqual([open.texts.length, full.texts], [2, ['first']])
  await world.stop()
})
