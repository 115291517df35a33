/** How the host asks the process to end: the seam between Troupe and signals of the operating system. */
export interface Signals {
  /**
   * Runs `end` once, at the first of the signals `names`, and then ends the process with the status that it gives;
   * where several wait for a signal, once all have ended, with the highest status. A second signal ends the
   * process at once with status 1.
   *
   * @param end must not reject
   * @returns takes it back: the signals do again what they do without it
   */
  onSignal(names: readonly string[], end: (name: string) => Promise<number>): () => void
}

/** What is needed of Node's `process`. */
export interface SignalledProcess {
  on(name: string, listener: () => void): unknown
  off(name: string, listener: () => void): unknown
  exit(status: number): void
}

/** The signals of one process, shared by all systems in it: none of them may end it before the others are done. */
export class ProcessSignals implements Signals {
  readonly #process: SignalledProcess
  /** Who waits for a signal, by its name, in the order they came. */
  readonly #waiting = new Map<string, Set<(name: string) => Promise<number>>>()
  /** One listener per signal, or the first signal would look like a second one to the next of them. */
  readonly #listeners = new Map<string, () => void>()
  #ending = false

  constructor(process: SignalledProcess) {
    this.#process = process
  }

  onSignal(names: readonly string[], end: (name: string) => Promise<number>): () => void {
    // A function of its own: the same one may be given twice.
    const entry = (name: string): Promise<number> => end(name)
    for (const name of names) this.#add(name, entry)
    return () => {
      for (const name of names) this.#remove(name, entry)
    }
  }

  #add(name: string, entry: (name: string) => Promise<number>): void {
    const waiting = this.#waiting.get(name) ?? new Set()
    this.#waiting.set(name, waiting.add(entry))
    if (this.#listeners.has(name)) return
    const listener = (): void => this.#signalled(name)
    this.#listeners.set(name, listener)
    this.#process.on(name, listener)
  }

  #remove(name: string, entry: (name: string) => Promise<number>): void {
    this.#waiting.get(name)?.delete(entry)
    // While the process ends, a second signal must still find somebody.
    if (this.#ending || this.#waiting.get(name)?.size !== 0) return
    const listener = this.#listeners.get(name)
    this.#listeners.delete(name)
    if (listener !== undefined) this.#process.off(name, listener)
  }

  #signalled(name: string): void {
    if (this.#ending) {
      this.#process.exit(1)
      return
    }
    this.#ending = true
    const ends = Array.from(this.#waiting.get(name) ?? [], (end) => end(name))
    void Promise.all(ends).then((statuses) => this.#process.exit(Math.max(0, ...statuses)))
  }
}

let ofThisProcess: ProcessSignals | null = null

/** Those of this process; null where there are none, as in browsers. */
export function hostSignals(): Signals | null {
  const process = (globalThis as { process?: Partial<SignalledProcess> }).process
  if (process === undefined || typeof process.on !== 'function' || typeof process.exit !== 'function') return null
  ofThisProcess ??= new ProcessSignals(process as SignalledProcess)
  return ofThisProcess
}
