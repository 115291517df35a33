import type { Contender } from './runner.ts'

/**
 * The least that could be called actors: one global ring of (actor, payload), one loop, no features. What one
 * JavaScript thread can do at most.
 */
export function bareLoop(): Contender {
  const ring: unknown[] = new Array(1024 * 2).fill(null)
  const mask = ring.length / 2 - 1
  let head = 0
  let length = 0
  const tell = (actor: Sink, payload: number): void => {
    const at = ((head + length++) & mask) * 2
    ring[at] = actor
    ring[at + 1] = payload
  }
  return {
    name: 'bare loop',
    run: (operations) => {
      const sink = new Sink()
      for (let sent = 0; sent < operations; ) {
        for (let i = 0; i < 1000 && sent < operations; i++) tell(sink, sent++)
        while (length > 0) {
          const at = head * 2
          const actor = ring[at] as Sink
          head = (head + 1) & mask
          length--
          actor.receive(ring[at + 1] as number)
        }
      }
      if (sink.received !== operations) throw new Error(`bare loop: ${sink.received} of ${operations} received`)
      return operations
    },
  }
}

class Sink {
  received = 0
  #sum = 0
  receive(payload: number): void {
    this.received++
    this.#sum = (this.#sum + payload) | 0
  }
}
