import type { Socket } from 'node:net'

/** Counts what comes over a socket while there is a bound to it: frames count before they are complete. */
export class ReceivedBound {
  readonly #wire: Socket
  readonly #exceeded: () => void
  #leftBytes = 0
  #isOn = false
  readonly #onData = (chunk: Uint8Array): void => {
    // Lifted while this very chunk was read: then it is told of it all the same.
    if (!this.#isOn) return
    this.#leftBytes -= chunk.length
    if (this.#leftBytes >= 0) return
    this.set(null)
    this.#exceeded()
  }

  /** @param exceeded called once for each bound that is exceeded */
  constructor(wire: Socket, exceeded: () => void) {
    this.#wire = wire
    this.#exceeded = exceeded
  }

  /** @param bytes how many more may come; null for any number */
  set(bytes: number | null): void {
    this.#leftBytes = bytes ?? 0
    if (this.#isOn === (bytes !== null)) return
    this.#isOn = bytes !== null
    if (this.#isOn) this.#wire.on('data', this.#onData)
    else this.#wire.off('data', this.#onData)
  }
}
