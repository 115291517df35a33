import type { Socket } from 'node:net'
import type { Counters } from './counters.ts'

/**
 * Sockets that have been accepted and are no WebSocket yet. One more than there may be, and the oldest is given up: to turn
 * away the newest would let strangers keep everybody out by saying nothing.
 */
export class PendingSockets {
  readonly #max: number
  readonly #counters: Counters
  /** By where they come from, as TLS puts another socket in place of the one that was accepted. The oldest first. */
  readonly #sockets = new Map<string, Socket>()

  constructor(max: number, counters: Counters) {
    this.#max = max
    this.#counters = counters
  }

  add(socket: Socket): void {
    const key = keyOf(socket)
    this.#sockets.set(key, socket)
    socket.once('close', () => {
      if (this.#sockets.get(key) === socket) this.#remove(key)
    })
    if (this.#sockets.size > this.#max) this.#giveUpOldest()
    this.#counters.pending = this.#sockets.size
  }

  /** It is a WebSocket now. */
  through(socket: Socket): void {
    this.#remove(keyOf(socket))
  }

  #giveUpOldest(): void {
    for (const [key, oldest] of this.#sockets) {
      this.#sockets.delete(key)
      this.#counters.pendingGivenUp++
      oldest.destroy()
      return
    }
  }

  #remove(key: string): void {
    this.#sockets.delete(key)
    this.#counters.pending = this.#sockets.size
  }
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
