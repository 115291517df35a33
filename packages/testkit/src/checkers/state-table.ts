import { canonical } from './canonical.ts'
import type { Operation } from './history.ts'
import type { Model } from './model.ts'

/** What `StateTable.step` answers when the operation does not fit the state. */
export const NO_STATE = -1

/**
 * The states of a model as small integers, 0 the first, and the steps between them, each asked of the model once.
 * Operations that the model cannot tell apart share a class, so a busy register has few steps in all.
 */
export class StateTable<S> {
  /** Class of each operation, by its place in the list given. */
  readonly classes: Int32Array
  readonly #model: Model<S>
  /** One operation of each class. */
  readonly #samples: Operation[] = []
  readonly #states: S[] = []
  readonly #byText = new Map<string, number>()
  /** Open addressing over (state + 1, class, next state); 0 in the first place is a free cell. */
  #steps = new Int32Array(3 * 16)
  #stepCount = 0
  #textBytes = 0

  constructor(all: readonly Operation[], model: Model<S>) {
    this.#model = model
    this.#intern(model.initial)
    const byText = new Map<string, number>()
    this.classes = Int32Array.from(all, (operation) => {
      const { process, f, outcome, input, output } = operation
      const text = canonical([f, outcome, input, output, model.perProcess === true ? process : null])
      const known = byText.get(text)
      if (known !== undefined) return known
      byText.set(text, this.#samples.length)
      return this.#samples.push(operation) - 1
    })
  }

  /** About what the table holds on to; states are counted by their texts. */
  get sizeBytes(): number {
    return this.#steps.byteLength + this.#textBytes
  }

  /** The state after an operation of the class, or `NO_STATE`. */
  step(state: number, kind: number): number {
    const mask = this.#steps.length / 3 - 1
    let cell = slot(state, kind) & mask
    while (this.#steps[3 * cell] !== 0) {
      if (this.#steps[3 * cell] === state + 1 && this.#steps[3 * cell + 1] === kind) return this.#steps[3 * cell + 2]!
      cell = (cell + 1) & mask
    }
    const stepped = this.#model.step(this.#states[state]!, this.#samples[kind]!)
    const next = stepped === null ? NO_STATE : this.#intern(stepped.state)
    this.#put(cell, state, kind, next)
    if (2 * ++this.#stepCount > mask) this.#grow()
    return next
  }

  #intern(state: S): number {
    const text = this.#model.identify(state)
    const known = this.#byText.get(text)
    if (known !== undefined) return known
    this.#byText.set(text, this.#states.length)
    // The text, and as much again for the state.
    this.#textBytes += 4 * text.length + 100
    return this.#states.push(state) - 1
  }

  #put(cell: number, state: number, kind: number, next: number): void {
    this.#steps[3 * cell] = state + 1
    this.#steps[3 * cell + 1] = kind
    this.#steps[3 * cell + 2] = next
  }

  #grow(): void {
    const old = this.#steps
    this.#steps = new Int32Array(2 * old.length)
    const mask = this.#steps.length / 3 - 1
    for (let i = 0; i < old.length; i += 3) {
      if (old[i] === 0) continue
      let cell = slot(old[i]! - 1, old[i + 1]!) & mask
      while (this.#steps[3 * cell] !== 0) cell = (cell + 1) & mask
      this.#put(cell, old[i]! - 1, old[i + 1]!, old[i + 2]!)
    }
  }
}

function slot(state: number, kind: number): number {
  const mixed = Math.imul(Math.imul(state, 0x9e3779b1) ^ kind, 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}
