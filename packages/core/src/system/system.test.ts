import test from 'ava'
import { createSystem } from '../create-system.ts'
import { behaviourContract } from '../testing/behaviour-contract.ts'

behaviourContract(
  test,
  'one node',
  async () => {
    const system = await createSystem({ name: 'one', log: false })
    return { here: system, there: system, close: () => system.stop() }
  },
  { oneNode: true },
)
