import type { TimerQueue } from '../runtime/timer-queue.ts'
import type { Link, Transport } from '../transport/transport.ts'
import type { Peer } from './peer-event.ts'

/** Makes links, one attempt per address at a time: whoever wants the same one meanwhile joins it. */
export class Dialler {
  readonly #transport: Transport
  readonly #timers: TimerQueue
  readonly #timeoutMs: number
  readonly #introduce: (link: Link, address: string) => Promise<Peer>
  readonly #underWay = new Map<string, Promise<Peer>>()
  readonly #introducing = new Set<string>()

  /**
   * @param timeoutMs for the link; `introduce` has its own
   * @param introduce makes a peer of a link
   */
  constructor(
    transport: Transport,
    timers: TimerQueue,
    timeoutMs: number,
    introduce: (link: Link, address: string) => Promise<Peer>,
  ) {
    this.#transport = transport
    this.#timers = timers
    this.#timeoutMs = timeoutMs
    this.#introduce = introduce
  }

  /** Whether there is a link to that address which is just being introduced. */
  isIntroducing(address: string): boolean {
    return this.#introducing.has(address)
  }

  dial(address: string): Promise<Peer> {
    const underWay = this.#underWay.get(address)
    if (underWay !== undefined) return underWay
    const attempt = this.#attempt(address).finally(() => this.#underWay.delete(address))
    this.#underWay.set(address, attempt)
    return attempt
  }

  async #attempt(address: string): Promise<Peer> {
    const abort = new AbortController()
    const deadline = this.#timers.after(this.#timeoutMs, () => abort.abort())
    let link: Link
    try {
      link = await this.#transport.dial(address, abort.signal)
    } finally {
      deadline.cancel()
    }
    this.#introducing.add(address)
    try {
      return await this.#introduce(link, address)
    } finally {
      this.#introducing.delete(address)
    }
  }
}
