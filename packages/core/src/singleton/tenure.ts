import type { Ref } from '../actor/ref.ts'
import { fenceOf } from './fencing.ts'

/** One node's time as the host of a singleton: from its start to its end, restarts included. */
export class Tenure {
  readonly number: number
  /** The service, the same through all restarts. */
  ref: Ref<never> | null = null
  /** Nodes that know where it is, and may send to it. */
  readonly told: Set<string> = new Set()
  /** Those that send nothing more. */
  readonly held: Set<string> = new Set()
  /** Until when the others may take to hold their messages back, and it to handle what it has; null while it stays. */
  moveUntilMs: number | null = null
  /** It has been told to handle what it has, and to stop. */
  isDraining = false
  #incarnations = 0

  constructor(number: number) {
    this.number = number
  }

  /** The token of a new incarnation. */
  nextFence(): number {
    return fenceOf(this.number, this.#incarnations++)
  }

  /** The token of the present incarnation. */
  get fence(): number {
    return fenceOf(this.number, Math.max(0, this.#incarnations - 1))
  }
}
