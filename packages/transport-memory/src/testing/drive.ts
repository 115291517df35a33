import type { Link, Transport } from '@troupe/core'
import type { ManualRuntime } from '@troupe/core/testing'

/**
 * Transports on manual time, for tests that wait in real time: it moves on 1 ms in each turn of the event loop, from the
 * first `listen` until all are closed and 200 ms more have gone by.
 */
export class Drive {
  readonly #time: ManualRuntime
  #listening = 0
  #isMoving = false

  constructor(time: ManualRuntime) {
    this.#time = time
  }

  transport(transport: Transport): Transport {
    let isOpen = false
    return {
      name: transport.name,
      listen: async (accept: (link: Link) => void) => {
        const address = await transport.listen(accept, this.#time)
        isOpen = true
        this.#listening++
        void this.#move()
        return address
      },
      dial: (address, signal) => transport.dial(address, signal),
      close: () => {
        if (isOpen) this.#listening--
        isOpen = false
        return transport.close()
      },
    }
  }

  async #move(): Promise<void> {
    if (this.#isMoving) return
    this.#isMoving = true
    for (let idle = 0; idle < 200; idle = this.#listening > 0 ? 0 : idle + 1) await this.#time.advance(1)
    this.#isMoving = false
  }
}
