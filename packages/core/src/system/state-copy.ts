import { ActorRef } from '../actor/ref.ts'
import type { Clock } from '../runtime/clock.ts'

/** How much of a state is looked at. What is left out leaves a mark. */
export interface StateLimits {
  /** Levels of objects within objects. Default 4. */
  readonly depth?: number
  /** Entries of one array, object, map or set. Default 50. */
  readonly entries?: number
  /** Characters of one string. Default 500. */
  readonly textLength?: number
  /** Values in all. Default 1,000. */
  readonly values?: number
  /** Time for the copy, in ms; then all that is left out is marked. Default 5: no longer than any other turn. */
  readonly timeMs?: number
}

/** Values copied between two looks at the clock. */
const VALUES_PER_LOOK = 64

/**
 * A copy of `state` that is plain data and never large: strings, numbers, booleans, null, arrays and objects.
 * Methods are left out, and no getter is called.
 */
export function copyState(state: unknown, limits: StateLimits, clock: Clock): unknown {
  return new StateCopy(limits, clock).copy(state, 0)
}

class StateCopy {
  readonly #limits: Required<StateLimits>
  readonly #clock: Clock
  readonly #endMs: number
  #values = 0
  #over = false

  constructor(limits: StateLimits, clock: Clock) {
    const { depth = 4, entries = 50, textLength = 500, values = 1_000, timeMs = 5 } = limits
    this.#limits = { depth, entries, textLength, values, timeMs }
    this.#clock = clock
    this.#endMs = clock.now() + timeMs
  }

  copy(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.#text(value)
    if (typeof value === 'bigint') return this.#text(`${value}n`)
    if (typeof value === 'symbol' || typeof value === 'function') return `[${typeof value}]`
    if (value === undefined || (typeof value === 'number' && !Number.isFinite(value))) return `[${value}]`
    if (typeof value !== 'object' || value === null) return value
    if (value instanceof ActorRef) return `[ref ${value}]`
    if (value instanceof Error) return this.#text(`[${value.name}: ${value.message}]`)
    if (value instanceof Date) return `[${Number.isNaN(value.valueOf()) ? 'invalid date' : value.toISOString()}]`
    if (ArrayBuffer.isView(value)) return `[${nameOf(value)} of ${value.byteLength} bytes]`
    if (value instanceof Promise || depth > this.#limits.depth) return `[${nameOf(value)}]`
    if (value instanceof Map) return { '[Map]': value.size, entries: this.#list(value, value.size, depth) }
    if (value instanceof Set) return { '[Set]': value.size, entries: this.#list(value, value.size, depth) }
    return Array.isArray(value) ? this.#list(value, value.length, depth) : this.#fields(value, depth)
  }

  #list(values: Iterable<unknown>, size: number, depth: number): unknown[] {
    const copies: unknown[] = []
    for (const value of values) {
      if (copies.length >= this.#limits.entries || this.#full()) break
      copies.push(this.copy(value, depth + 1))
    }
    if (copies.length < size) copies.push(`[${size - copies.length} more]`)
    return copies
  }

  #fields(value: object, depth: number): Record<string, unknown> {
    const copies: Record<string, unknown> = {}
    let copied = 0
    let left = 0
    // Keys one by one: a list of a million would be made for fifty of them.
    for (const key in value) {
      const property = Object.getOwnPropertyDescriptor(value, key)
      if (property === undefined || typeof property.value === 'function') continue
      if (copied >= this.#limits.entries || this.#full()) {
        if (++left >= this.#limits.values) break
        continue
      }
      const copy = property.get === undefined ? this.copy(property.value, depth + 1) : '[getter]'
      Object.defineProperty(copies, key, { value: copy, enumerable: true, configurable: true, writable: true })
      copied++
    }
    if (left > 0) copies['[more]'] = left >= this.#limits.values ? `at least ${left}` : left
    return copies
  }

  #full(): boolean {
    if (this.#over) return true
    const { values } = this.#limits
    if (++this.#values > values) this.#over = true
    else if (this.#values % VALUES_PER_LOOK === 0) this.#over = this.#clock.now() > this.#endMs
    return this.#over
  }

  #text(text: string): string {
    const { textLength } = this.#limits
    return text.length <= textLength ? text : `${text.slice(0, textLength)}[${text.length - textLength} more]`
  }
}

function nameOf(value: object): string {
  const { constructor } = value
  return typeof constructor === 'function' ? constructor.name : 'Object'
}
