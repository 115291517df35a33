import { createSystem } from '@troupe/core'
import { behaviourContract } from '@troupe/core/testing'
import test from 'ava'
import { webSocketTransport } from './index.ts'

behaviourContract(test, 'WebSocket', async () => {
  const there = await createSystem({ name: 'there', transport: webSocketTransport({ port: 0 }), log: false })
  const here = await createSystem({ name: 'here', transport: webSocketTransport(), log: false })
  await here.connect(there.address)
  return { here, there, close: async () => void (await Promise.all([here.stop(), there.stop()])) }
})
