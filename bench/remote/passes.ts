import type { Client } from './runtime.ts'
import { BURST, IN_FLIGHT, type Note, notes, TEXT_LENGTH, WINDOW, type WorkloadName } from './workloads.ts'

/** A connection over which nothing has come for this long is lost, in ms: a sample must fail, and not wait for its end. */
const MOST_STILL_MS = 10_000

/** What the asking and telling side does with its connection. Everything is counted, and checked. */
export class Passes {
  readonly #client: Client
  /** Notes told, notes confirmed, and the sums of their values. */
  #told = 0
  #had = 0
  #toldSum = 0
  #hadSum = 0
  #answers = 0
  #wake: () => void = () => {}

  constructor(client: Client) {
    this.#client = client
    client.onHad((count, sum) => {
      this.#had = count
      this.#hadSum = sum
      this.#wake()
    })
  }

  /**
   * Does about `count` operations.
   *
   * @param latenciesMs gets how long each ask took
   * @returns how many it did
   * @throws {Error} when nothing has come back for ten seconds
   */
  async run(name: WorkloadName, count: number, latenciesMs: number[]): Promise<number> {
    let last = -1
    let watch: NodeJS.Timeout | undefined
    const still = new Promise<never>((_, reject) => {
      watch = setInterval(() => {
        const now = this.#had + this.#answers
        if (now === last) reject(new Error(`${name}: nothing has come back for a while; ${this.#progress}`))
        last = now
      }, MOST_STILL_MS)
    })
    try {
      return await Promise.race([this.#pass(name, count, latenciesMs), still])
    } finally {
      clearInterval(watch)
    }
  }

  get #progress(): string {
    return `${this.#told} told, ${this.#had} of them confirmed, ${this.#answers} answers`
  }

  #pass(name: WorkloadName, count: number, latenciesMs: number[]): Promise<number> {
    if (name === 'ask') return this.#asks(count, 1, latenciesMs)
    if (name === 'asks') return this.#asks(count, IN_FLIGHT, latenciesMs)
    return this.#tells(count, notes(TEXT_LENGTH[name]))
  }

  async #asks(count: number, inFlight: number, latenciesMs: number[]): Promise<number> {
    let asked = 0
    const asker = async (): Promise<void> => {
      while (asked < count) {
        const value = asked++
        const startMs = performance.now()
        const answer = await this.#client.ask(value)
        this.#answers++
        latenciesMs.push(performance.now() - startMs)
        if (answer !== value + 1) throw new Error(`${value} was answered by ${answer}`)
      }
    }
    await Promise.all(Array.from({ length: inFlight }, asker))
    return count
  }

  async #tells(count: number, list: readonly Note[]): Promise<number> {
    // Whole windows: the last note is one that is confirmed.
    const rounded = Math.ceil(count / WINDOW) * WINDOW
    const end = this.#told + rounded
    while (this.#had < end) {
      if (this.#told < end && this.#told - this.#had <= WINDOW - BURST) {
        for (let i = 0; i < BURST; i++) this.#tell(list[i]!)
        await new Promise<void>((resolve) => setImmediate(resolve))
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
    if (this.#hadSum !== this.#toldSum) throw new Error(`${this.#toldSum} was told, and ${this.#hadSum} arrived`)
    return rounded
  }

  #tell(note: Note): void {
    this.#told++
    this.#toldSum += note.value
    this.#client.tell(note)
  }
}
