import type { Terminal } from './terminal.ts'

const WIDTH = 24
/** On a terminal, at most so often. */
const LIVE_MS = 100
/** Elsewhere every line stays. */
const PLAIN_MS = 5_000

/** One line that says how far something has come: again and again in its place on a terminal, now and then elsewhere. */
export class Progress {
  readonly #terminal: Terminal
  #saidMs: number
  #isOpen = false

  constructor(terminal: Terminal) {
    this.#terminal = terminal
    this.#saidMs = terminal.isTerminal ? 0 : performance.now()
  }

  /** @param done 0 to 1, and a little more where a limit is passed; null where nobody knows */
  show(done: number | null, words: string): void {
    const { isTerminal } = this.#terminal
    const nowMs = performance.now()
    if (nowMs - this.#saidMs < (isTerminal ? LIVE_MS : PLAIN_MS)) return
    this.#saidMs = nowMs
    if (!isTerminal) {
      this.#terminal.err(`${words}\n`)
      return
    }
    const full = Math.round(Math.min(1, done ?? 0) * WIDTH)
    const bar = done === null ? '' : `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} `
    this.#terminal.err(`\r\u001b[K${bar}${words}`)
    this.#isOpen = true
  }

  /** Clears the line: something else is to be printed. */
  clear(): void {
    if (this.#isOpen) this.#terminal.err('\r\u001b[K')
    this.#isOpen = false
  }
}
