import type { Link, Transport } from '@troupe/core'
import type { ManualRuntime } from '@troupe/core/testing'

/**
 * A transport on manual time, for tests that wait in real time: `time` moves on 1 ms in each turn of the event loop from
 * `listen` to `close`.
 */
export function driven(transport: Transport, time: ManualRuntime): Transport {
  let isOpen = true
  const drive = async (): Promise<void> => {
    // Some turns longer, so that the others hear of the end.
    for (let turns = 0; isOpen || turns < 200; turns = isOpen ? 0 : turns + 1) await time.advance(1)
  }
  return {
    name: transport.name,
    listen: async (accept: (link: Link) => void) => {
      const address = await transport.listen(accept, time)
      void drive()
      return address
    },
    dial: (address, signal) => transport.dial(address, signal),
    close: () => {
      isOpen = false
      return transport.close()
    },
  }
}
