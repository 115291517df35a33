/** Whatever takes messages. */
export interface Actor<M = unknown> {
  receive(message: M): void
}

/**
 * What one JavaScript thread can do at the very most: one ring of actor and message for all, one loop that takes
 * them out. No mailboxes, no names, no supervision, no fairness, nothing caught.
 */
let slots: unknown[] = new Array<unknown>(2_048).fill(null)
let mask = slots.length - 1
let head = 0
let tail = 0
let awake = false
const resolved = Promise.resolve()

export function tell<M>(actor: Actor<M>, message: M): void {
  slots[tail] = actor
  slots[tail + 1] = message
  tail = (tail + 2) & mask
  if (tail === head) grow()
  if (!awake) wake()
}

function wake(): void {
  awake = true
  void resolved.then(drain)
}

function drain(): void {
  while (head !== tail) {
    const at = head
    head = (at + 2) & mask
    ;(slots[at] as Actor).receive(slots[at + 1])
  }
  awake = false
}

/** The ring has just become full: `head` and `tail` are the same place. */
function grow(): void {
  const old = slots
  slots = new Array<unknown>(old.length * 2).fill(null)
  for (let i = 0; i < old.length; i++) slots[i] = old[(head + i) & mask]
  head = 0
  tail = old.length
  mask = slots.length - 1
}

/** Asks for an answer: what is told is the question with a way to answer it. */
export class Question<T, R> {
  readonly value: T
  readonly answer: (result: R) => void

  constructor(value: T, answer: (result: R) => void) {
    this.value = value
    this.answer = answer
  }
}

export function ask<T, R>(actor: Actor<Question<T, R>>, value: T): Promise<R> {
  return new Promise((resolve) => tell(actor, new Question(value, resolve)))
}

/** Takes one message at a time, and waits for its handler: a queue exists only while one is pending. */
export abstract class AsyncActor<M> implements Actor<M> {
  #busy = false
  #waiting: M[] | null = null
  #next = 0
  readonly #done = (): void => this.#proceed()

  /** @returns a promise when the handler is not done yet */
  protected abstract handle(message: M): Promise<void> | undefined

  receive(message: M): void {
    if (this.#busy) {
      if (this.#waiting === null) this.#waiting = [message]
      else this.#waiting.push(message)
      return
    }
    const pending = this.handle(message)
    if (pending === undefined) return
    this.#busy = true
    void pending.then(this.#done)
  }

  #proceed(): void {
    const waiting = this.#waiting
    while (waiting !== null && this.#next < waiting.length) {
      const pending = this.handle(waiting[this.#next++]!)
      if (pending === undefined) continue
      void pending.then(this.#done)
      return
    }
    this.#busy = false
    this.#waiting = null
    this.#next = 0
  }
}
