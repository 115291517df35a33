import type { CloseCode } from '@troupe/core'

/** RFC 6455, 7.4.1: normal closure, protocol error, and an unexpected condition at the side that closes. */
export const SOCKET_CODES = { normal: 1000, protocol: 1002, lost: 1011 } as const

/** A page may close with 1000 and with 3000 to 4999 only: the same, 3000 above. */
export const PAGE_CODES = { normal: 1000, protocol: 4002, lost: 4011 } as const

/** What a code says that came from the other side. 1003 is data of a kind that is not accepted, 1009 too much of it. */
export function closeCode(socketCode: number): CloseCode {
  if (socketCode === SOCKET_CODES.normal) return 'normal'
  return BREACHES.has(socketCode) ? 'protocol' : 'lost'
}

const BREACHES: ReadonlySet<number> = new Set([SOCKET_CODES.protocol, PAGE_CODES.protocol, 1003, 1009])

/** For an end without a reason. */
export function wordsFor(socketCode: number): string {
  return socketCode === 1006 ? 'the connection broke off' : `closed with code ${socketCode}`
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The first 123 bytes, the most a close frame holds after its code; never half a character. */
export function cut(reason: string): string {
  const bytes = new Uint8Array(123)
  return decoder.decode(bytes.subarray(0, encoder.encodeInto(reason, bytes).written))
}
