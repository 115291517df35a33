import { toError } from '../errors.ts'

/** Something to do at the end of an incarnation. */
export type CleanUp = () => void | Promise<void>

/** What is to be done at the end of one incarnation, the last one first. */
export class CleanUps {
  readonly #waiting: CleanUp[] = []
  readonly #onFailure: (thrown: unknown) => void

  constructor(onFailure: (error: Error) => void) {
    this.#onFailure = (thrown) => onFailure(toError(thrown))
  }

  add(cleanUp: CleanUp): void {
    this.#waiting.push(cleanUp)
  }

  /** @returns a promise only when one of them is asynchronous */
  run(): Promise<void> | null {
    while (this.#waiting.length > 0) {
      const pending = this.#runLast()
      if (pending instanceof Promise) return this.#finish(pending)
    }
    return null
  }

  /** Leaves out those that have not begun. */
  giveUp(): void {
    this.#waiting.length = 0
  }

  async #finish(pending: Promise<void>): Promise<void> {
    await pending
    while (this.#waiting.length > 0) await this.#runLast()
  }

  /** One that fails is reported and keeps none of the others from running. */
  #runLast(): void | Promise<void> {
    try {
      const result = this.#waiting.pop()!()
      return result instanceof Promise ? result.catch(this.#onFailure) : undefined
    } catch (thrown) {
      return this.#onFailure(thrown)
    }
  }
}
