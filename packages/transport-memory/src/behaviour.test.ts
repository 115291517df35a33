import { createSystem } from '@troupe/core'
import { behaviourContract } from '@troupe/core/testing'
import test from 'ava'
import { memoryNetwork } from './index.ts'

behaviourContract(test, 'memory', async () => {
  const network = memoryNetwork()
  const there = await createSystem({ name: 'there', transport: network.transport(), log: false })
  const here = await createSystem({ name: 'here', transport: network.transport(), log: false })
  await here.connect(there.address)
  return { here, there, close: async () => void (await Promise.all([here.stop(), there.stop()])) }
})
