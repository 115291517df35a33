import { type ActorSystem, createSystem, type Ref } from '@troupe/core'
import { memoryNetwork } from '@troupe/transport-memory'
import test from 'ava'
import { Board, board } from './board.ts'
import { type View, type Visitor, visitor } from './visitor.ts'

const EMPTY: View = { server: null, notes: [], guests: [], unsaved: 0 }

/** A tab without a page. */
class Tab {
  readonly system: ActorSystem
  readonly #ref: Ref<Visitor>
  #view = EMPTY
  #waiting: (() => void)[] = []

  constructor(system: ActorSystem) {
    this.system = system
    const show = (view: View): void => {
      this.#view = view
      for (const look of this.#waiting) look()
    }
    this.#ref = system.spawn(visitor, { args: { name: system.name, show } })
  }

  write(id: string, text: string): void {
    this.#ref.tell('write', { id, text })
  }

  /** Resolves with the first view for which `condition` holds. */
  sees(condition: (view: View) => boolean): Promise<View> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (condition(this.#view)) resolve(this.#view)
      }
      this.#waiting.push(look)
      look()
    })
  }
}

test('tabs of two servers share notes and guests, and go on through the other server when theirs is gone', async (t) => {
  const network = memoryNetwork()
  const start = async (name: string, seeds: readonly string[] = []): Promise<ActorSystem> => {
    const role = name.length === 1 ? 'node' : 'client'
    const transport = network.transport()
    const system = await createSystem({ name, role, expose: [Board], transport, seeds, log: false })
    t.teardown(() => system.stop())
    return system
  }
  const a = await start('a')
  const b = await start('b', [a.address])
  for (const system of [a, b]) system.spawn(board, { args: { server: system.name } })
  const ada = new Tab(await start('ada', [a.address]))
  await ada.sees(({ server }) => server !== null)
  const grace = new Tab(await start('grace', [b.address]))
  await grace.sees(({ server }) => server === 'b')

  ada.write('1', 'first')
  grace.write('2', 'second')
  for (const tab of [ada, grace]) {
    const { guests } = await tab.sees(
      ({ notes, unsaved, guests }) => notes.length + guests.length === 4 && unsaved === 0,
    )
    t.deepEqual(guests, ['ada', 'grace'])
  }

  await ada.system.connect(b.address)
  await a.stop()
  await ada.sees(({ server }) => server === 'b')
  ada.write('1', 'changed')
  const { notes } = await grace.sees(({ notes }) => notes.some(({ text }) => text === 'changed'))
  t.deepEqual(notes.map(({ id, text, by }) => `${id} ${by}: ${text}`).sort(), ['1 ada: changed', '2 grace: second'])
  await grace.system.stop()
  t.deepEqual((await ada.sees(({ guests }) => guests.length === 1)).guests, ['ada'])
  t.is(b.findAll(Board).length, 1)
})
