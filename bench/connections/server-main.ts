/** The process that is measured: takes clients in, and tells all of them one thing. Speaks JSON over IPC. */
import { actor, createSystem, type Ref } from '@troupe/core'
import { webSocketTransport } from '@troupe/transport-ws'
import { figures, type ServerCommand } from './figures.ts'
import { Hall, type Screen } from './protocol.ts'

const screens: Ref<Screen>[] = []
// Beats of ten thousand idle links would be most of what is measured.
const system = await createSystem({
  name: 'server',
  transport: webSocketTransport({ port: 0, maxConnections: 20_000 }),
  expose: [Hall],
  heartbeatMs: 60_000,
  maxPendingHandshakes: 1_024,
})
const hall = actor(Hall, () => ({ enter: (screen) => void screens.push(screen) }))
system.register(Hall, system.spawn(hall))

process.on('disconnect', () => process.exit())
process.on('message', (command: ServerCommand) => {
  if (command === 'broadcast') for (const screen of screens) screen.tell('show', 'the show begins')
  process.send!(figures(screens.length))
})
process.send!(system.address)
