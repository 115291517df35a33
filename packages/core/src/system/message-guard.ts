import { ActorRef } from '../actor/ref.ts'
import type { Cbor } from '../codec/cbor.ts'
import { encodePayload } from '../remoting/wire.ts'

/** What happens to payloads and answers between two actors of one node. */
export type MessagePassing =
  /** The receiver gets the very object that was sent. */
  | 'by-reference'
  /** The same, frozen through and through: whoever changes it later is told so by a TypeError. */
  | 'frozen'
  /** A copy by way of CBOR, as another node would get it. What cannot travel fails here already. */
  | 'encoded'

/** @returns what to give to the receiver in place of `value` */
export type MessageGuard = (value: unknown, name: string) => unknown

/** @returns null when messages pass as they are */
export function messageGuard(passing: MessagePassing, cbor: Cbor): MessageGuard | null {
  if (passing === 'by-reference') return null
  if (passing === 'frozen') return frozen
  return (value, name) => cbor.passedThrough(() => encodePayload(cbor, value, name))
}

/**
 * Freezes plain objects and arrays, and what maps and sets hold. Maps and sets themselves, byte arrays and
 * instances of classes have states that JavaScript cannot freeze, or that somebody needs to go on changing.
 */
function frozen(value: unknown): unknown {
  const seen = new Set<object>()
  // A list instead of calls: payloads may be as deep as they like.
  const open: unknown[] = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next !== 'object' || next === null || next instanceof ActorRef || seen.has(next)) continue
    seen.add(next)
    if (next instanceof Map) for (const [key, inner] of next) open.push(key, inner)
    else if (next instanceof Set) open.push(...next)
    else if (Array.isArray(next) || isPlain(next)) {
      Object.freeze(next)
      // A getter is code, not data: left alone.
      for (const { value: inner } of Object.values(Object.getOwnPropertyDescriptors(next))) open.push(inner)
    }
  }
  return value
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
