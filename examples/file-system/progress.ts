import { formatBytes } from './format.ts'

/** Where progress goes: a terminal gets a bar, everything else a line now and then. */
export interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(content: string | Uint8Array): unknown
}

/** A bar is drawn this often at most, in ms, a line that often. */
const BAR_MS = 80
const LINE_MS = 2_000
const BAR_CELLS = 24

/** How far some work has come, in bytes. */
export class Progress {
  readonly #out: Output
  readonly #label: string
  readonly #totalBytes: number
  readonly #startedMs: number = performance.now()
  #doneBytes = 0
  #shownMs = 0

  constructor(label: string, totalBytes: number, out: Output = process.stderr) {
    this.#label = label
    this.#totalBytes = totalBytes
    this.#out = out
    this.#shownMs = this.#startedMs - (out.isTTY ? BAR_MS : 0)
  }

  add(bytes: number): void {
    this.#doneBytes += bytes
    const nowMs = performance.now()
    if (nowMs - this.#shownMs < (this.#out.isTTY ? BAR_MS : LINE_MS)) return
    this.#shownMs = nowMs
    this.#out.write(this.#out.isTTY ? `\r${this.#bar()}\x1b[K` : `${this.#line()}\n`)
  }

  /** Clears the bar: what comes next begins on an empty line. */
  end(): void {
    if (this.#out.isTTY) this.#out.write('\r\x1b[K')
  }

  #bar(): string {
    const share = this.#share
    const filled = Math.round(share * BAR_CELLS)
    const bar = `${'#'.repeat(filled)}${'-'.repeat(BAR_CELLS - filled)}`
    return `${this.#label} [${bar}] ${this.#figures()}`.slice(0, (this.#out.columns ?? 80) - 1)
  }

  #line(): string {
    return `${this.#label}: ${this.#figures()}`
  }

  #figures(): string {
    const seconds = Math.max(0.001, (performance.now() - this.#startedMs) / 1_000)
    const percent = Math.floor(this.#share * 100)
    const total = formatBytes(this.#totalBytes)
    return `${percent} % of ${total}, ${formatBytes(Math.round(this.#doneBytes / seconds))}/s`
  }

  get #share(): number {
    return this.#totalBytes === 0 ? 1 : Math.min(1, this.#doneBytes / this.#totalBytes)
  }
}
