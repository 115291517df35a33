import type { Note } from './workloads.ts'

/** What a column can do over one connection to the process that serves. */
export interface Client {
  /** @returns the answer, `value + 1` */
  ask(value: number): Promise<number>
  tell(note: Note): void
  /** Calls `listener` with how many notes the other side has had so far, and the sum of their values. */
  onHad(listener: (count: number, sum: number) => void): void
  /** CPU seconds of the serving process, where that one was not started by the harness. */
  serverCpu?(): Promise<number>
}

/** A column of the table: one way for two processes to talk. */
export interface Runtime {
  /** Serves, in a process of its own, until that one is killed. Missing where `connect` starts one itself. */
  serve?(): Promise<string>
  connect(address: string): Promise<Client>
  /** Opens one more connection, which stays idle. Missing where that is not measured. */
  idle?(address: string): Promise<void>
}

/** Counts notes where they arrive, and says now and then how many there were. */
export class Had {
  #count = 0
  #sum = 0
  readonly #every: number

  constructor(every: number) {
    this.#every = every
  }

  /** @returns whether it is time to confirm */
  add(value: number): boolean {
    this.#sum += value
    return ++this.#count % this.#every === 0
  }

  get report(): readonly [count: number, sum: number] {
    return [this.#count, this.#sum]
  }
}
