import { SeededRandom } from '@troupe/core'
import { manualRuntime, transportContract } from '@troupe/core/testing'
import test from 'ava'
import { simulatedNetwork } from './simulated.ts'
import { Drive } from './testing/drive.ts'

transportContract(test, 'simulated', () => {
  const network = simulatedNetwork({
    random: new SeededRandom(1),
    model: { minLatencyMs: 0.2, meanLatencyMs: 1, longTail: { oneIn: 10, maxMs: 5 }, reconnectMs: 2, detectMs: 2 },
  })
  const drive = new Drive(manualRuntime())
  const transport = (name: string) => drive.transport(network.transport(name))
  return {
    server: transport('server'),
    client: transport('client'),
    nobody: 'sim://nobody',
    rival: (address) => transport(address.slice('sim://'.length)),
  }
})
