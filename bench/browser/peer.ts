/** The least a page needs to be a node: an actor of its own, and a server to talk to. */
import { actor, protocol } from '@troupe/core'
import { createSystem } from '@troupe/core/client'
import { browserTransport } from '@troupe/transport-ws/browser'

const Greeter = protocol<{ greet: (name: string) => string }>('greeter')

const tab = await createSystem({ name: 'tab', transport: browserTransport(), seeds: ['ws://127.0.0.1:7000'] })
tab.spawn(actor(Greeter, () => ({ greet: (name) => `hello ${name}` })))
