/** A node in a process of its own: says where it listens, and lives until it is told to stop, or killed. */
import { createSystem, type SystemOptions } from '@troupe/core'
import { webSocketTransport } from '../index.ts'
import { counter, counterOf } from './counter.ts'

export interface ChildOptions extends Partial<Omit<SystemOptions, 'transport' | 'runtime' | 'log'>> {
  readonly name: string
  readonly port: number
}

// Whoever started this one is gone.
process.once('disconnect', () => process.exit())

const { port, ...options } = JSON.parse(process.argv[2] ?? '') as ChildOptions
try {
  const system = await createSystem({ ...options, transport: webSocketTransport({ port }), log: false })
  system.events.subscribe((event) => process.connected && process.send?.({ event: event.type }))
  system.register(counterOf(options.name), system.spawn(counter(options.name)))
  process.send?.({ address: system.address })
  process.once('message', async () => {
    await system.stop()
    // From here on the process ends by itself, or something was left behind.
    process.removeAllListeners('disconnect')
    process.disconnect()
  })
} catch (error) {
  process.send?.({ error: String(error) })
  process.disconnect()
}
