import type { Client } from './runtime.ts'
import { BURST, IN_FLIGHT, type Note, notes, TEXT_LENGTH, WINDOW, type WorkloadName } from './workloads.ts'

/** What the asking and telling side does with its connection. Everything is counted, and checked. */
export class Passes {
  readonly #client: Client
  /** Notes told, notes confirmed, and the sums of their values. */
  #told = 0
  #had = 0
  #toldSum = 0
  #hadSum = 0
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
   */
  run(name: WorkloadName, count: number, latenciesMs: number[]): Promise<number> {
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
