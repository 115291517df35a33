/** The page: a node that only dials, with one actor that shows what the board tells it. */
import { createSystem } from '@troupe/core/client'
import { browserTransport } from '@troupe/transport-ws/browser'
import { Board } from '../board.ts'
import { type View, visitor } from '../visitor.ts'

interface Settings {
  readonly servers: readonly string[]
  readonly graceMs: number
}

const query = new URLSearchParams(location.search)
const name = query.get('name') ?? 'somebody'
const settings = (await (await fetch('/settings.json')).json()) as Settings

const system = await createSystem({
  name,
  transport: browserTransport(),
  disconnectGraceMs: settings.graceMs,
})
const self = system.spawn(visitor, { args: { name, show } })
// Says goodbye: the others hear of it at once.
addEventListener('pagehide', () => void system.stop())

let written = 0
document.querySelector('form')?.addEventListener('submit', (event) => {
  event.preventDefault()
  const input = document.querySelector('input')
  if (input === null || input.value === '') return
  self.tell('write', { id: `${system.uid}-${++written}`, text: input.value })
  input.value = ''
})

// One after the other, the next when a board is found: the visitor looks at the first one it hears of.
const preferred = settings.servers[Number(query.get('server') ?? 0)]
for (const address of new Set([...(preferred === undefined ? [] : [preferred]), ...settings.servers]))
  await look(address).catch((error) => system.log.warn(`${address} does not answer`, error))

async function look(address: string): Promise<void> {
  await system.connect(address)
  await system.find(Board)
}

function show({ server, notes, guests, unsaved }: View): void {
  write('server', server ?? 'none')
  write('unsaved', String(unsaved))
  write('guests', guests.join(', '))
  const items = notes.map(({ text, by }) => {
    const item = document.createElement('li')
    item.textContent = `${by}: ${text}`
    return item
  })
  document.querySelector('#notes')?.replaceChildren(...items)
}

function write(id: string, text: string): void {
  const element = document.getElementById(id)
  if (element !== null) element.textContent = text
}
