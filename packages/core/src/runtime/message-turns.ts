/** What is needed of a `MessageChannel`. */
export interface TurnChannel {
  readonly port1: { addEventListener(type: 'message', listener: () => void): void; start(): void }
  readonly port2: { postMessage(message: unknown): void }
}

/**
 * `setImmediate` for hosts without one, browsers that is: each task has a macrotask of its own, in order. A message of a
 * channel is not held up in tabs that nobody looks at, as timers are, nor by the 4 ms that nested timers wait.
 */
export class MessageTurns {
  readonly #tasks: (() => void)[] = []
  readonly #channel: TurnChannel

  constructor(channel: TurnChannel) {
    this.#channel = channel
    // There are seldom two at a time: one per system.
    channel.port1.addEventListener('message', () => this.#tasks.shift()?.())
    channel.port1.start()
  }

  add(task: () => void): void {
    this.#tasks.push(task)
    this.#channel.port2.postMessage(null)
  }
}
