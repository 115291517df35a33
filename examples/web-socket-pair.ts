/** Two operating-system processes: one offers a greeter, the other finds it, asks it and sees it go. */
import { fork } from 'node:child_process'
import { actor, createSystem, protocol, type Terminated } from '@troupe/core'
import { webSocketTransport } from '@troupe/transport-ws'

interface Greeter {
  greet: (name: string) => string
}
const Greeter = protocol<Greeter>('greeter')

/** The first process: listens on a free port and tells its parent which. */
async function serve(): Promise<void> {
  const system = await createSystem({ name: 'server', transport: webSocketTransport({ port: 0 }) })
  const greeter = actor(Greeter, () => ({ greet: (name) => `hello ${name}, from process ${process.pid}` }))
  system.register(Greeter, system.spawn(greeter, { name: 'greeter' }))
  process.send?.(system.address)
  process.once('message', () => void system.stop().then(() => process.disconnect()))
}

/** The second process: knows the protocol and an address, nothing else. */
async function call(): Promise<void> {
  const server = fork(new URL(import.meta.url), ['serve'])
  const address = await new Promise<string>((resolve) => server.once('message', (text) => resolve(String(text))))
  const system = await createSystem({ name: 'client', transport: webSocketTransport(), seeds: [address] })

  const greeter = await system.find(Greeter)
  const gone = new Promise<string>((resolve) => {
    interface Watcher {
      gone: (notice: Terminated) => void
    }
    const watcher = actor(protocol<Watcher>('watcher'), (ctx) => {
      ctx.watch(greeter, 'gone')
      return { gone: ({ reason }) => resolve(reason) }
    })
    system.spawn(watcher)
  })

  const answer = await greeter.ask('greet', 'world')
  console.log(answer.replace(`process ${server.pid}`, 'another process'))
  server.send('stop')
  console.log(`the greeter is gone: ${await gone}`)
  await system.stop()
}

await (process.argv[2] === 'serve' ? serve() : call())
