/** What an actor's method of that name takes. */
type Payload<A, K extends keyof A> = A[K] extends (payload: infer P) => void ? P : never
type Receiver = Record<string, (payload: unknown) => void>

/** Slots per message: for whom, its name, and the payload. */
const STRIDE = 3

/**
 * What one JavaScript thread can do with messages that have names: one ring for all and one loop that calls
 * `actor[name](payload)`. No mailboxes, no supervision, no fairness, nothing caught.
 */
let slots: unknown[] = new Array<unknown>(1_024 * STRIDE).fill(undefined)
let head = 0
let tail = 0
let awake = false
const resolved = Promise.resolve()

export function tell<A, K extends keyof A & string>(actor: A, name: K, payload?: Payload<A, K>): void {
  const at = tail
  slots[at] = actor
  slots[at + 1] = name
  slots[at + 2] = payload
  const next = at + STRIDE
  tail = next === slots.length ? 0 : next
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
    const actor = slots[at] as Receiver
    const name = slots[at + 1] as string
    const payload = slots[at + 2]
    // The ring must not keep alive what has been handled: most of all not an actor that has ended.
    slots[at] = undefined
    slots[at + 1] = undefined
    slots[at + 2] = undefined
    const next = at + STRIDE
    head = next === slots.length ? 0 : next
    actor[name]!(payload)
  }
  awake = false
}

/** The ring has just become full: `head` and `tail` are the same place. */
function grow(): void {
  const old = slots
  slots = new Array<unknown>(old.length * 2).fill(undefined)
  for (let i = 0; i < old.length; i++) slots[i] = old[(head + i) % old.length]
  head = 0
  tail = old.length
}

/** The payload of a message that is to be answered. */
export interface Question<T, R> {
  readonly value: T
  readonly reply: (result: R) => void
}

type Asked<Q> = Q extends Question<infer T, infer R> ? readonly [value: T, answer: R] : never

export function ask<A, K extends keyof A & string, Q extends Asked<Payload<A, K>>>(
  actor: A,
  name: K,
  value: Q[0],
): Promise<Q[1]> {
  return new Promise((reply) => tell(actor, name, { value, reply } as Payload<A, K>))
}

/** Handles one message at a time, async ones too: what comes meanwhile is queued, and only then is there a queue. */
export abstract class AsyncActor {
  protected busy = false
  /** Names and payloads in turn. */
  #waiting: unknown[] | null = null
  #next = 0
  readonly #settled = (): void => this.#proceed()

  /** What a handler does with its message while the actor is busy. */
  protected wait(name: string, payload: unknown): void {
    if (this.#waiting === null) this.#waiting = [name, payload]
    else this.#waiting.push(name, payload)
  }

  /** What a handler does that goes on asynchronously. */
  protected until(handled: Promise<void>): void {
    this.busy = true
    void handled.then(this.#settled)
  }

  #proceed(): void {
    this.busy = false
    const waiting = this.#waiting
    while (waiting !== null && this.#next < waiting.length) {
      const at = this.#next
      this.#next += 2
      ;(this as object as Receiver)[waiting[at] as string]!(waiting[at + 1])
      if (this.busy) return
    }
    this.#waiting = null
    this.#next = 0
  }
}
