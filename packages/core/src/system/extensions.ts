import { InvalidOptionError, SystemStoppedError } from '../errors.ts'
import type { ActorSystem, Extension } from './actor-system.ts'

/** The extensions of one system. */
export class Extensions {
  readonly #system: ActorSystem
  /** By the extension itself: two of one id are two. */
  readonly #instances = new Map<Extension<unknown>, unknown>()
  readonly #beingMade = new Set<Extension<unknown>>()
  /** How to close those that there are, in the order in which they were finished. */
  readonly #closings: { readonly id: string; readonly close: () => void | Promise<void> }[] = []
  #closed = false

  constructor(system: ActorSystem) {
    this.#system = system
  }

  get<T>(extension: Extension<T>): T {
    const key = extension as Extension<unknown>
    if (this.#instances.has(key)) return this.#instances.get(key) as T
    if (this.#closed) throw new SystemStoppedError(this.#system.name, `make extension "${extension.id}"`)
    if (this.#beingMade.has(key)) {
      const circle = [...this.#beingMade, key].map(({ id }) => id).join(' -> ')
      throw new InvalidOptionError('extension', extension.id, `made without itself (${circle})`, undefined)
    }
    this.#beingMade.add(key)
    try {
      const instance = extension.create(this.#system)
      this.#instances.set(key, instance)
      const { close, id } = extension
      // What it was made with was finished before it, and so is closed after it.
      if (close !== null) this.#closings.push({ id, close: () => close(instance) })
      return instance
    } finally {
      this.#beingMade.delete(key)
    }
  }

  /** Closes them one after the other. @param attempt runs a closing; it must not reject */
  async close(attempt: (id: string, close: () => void | Promise<void>) => Promise<void>): Promise<void> {
    for (let next = this.#closings.pop(); next !== undefined; next = this.#closings.pop()) {
      await attempt(next.id, next.close)
    }
    this.#closed = true
  }
}
