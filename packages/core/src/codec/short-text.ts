// Shorter texts are looked up in a cache, longer ones read by the host.
/** Length of the texts that are read letter by letter, in bytes. */
export const SHORTEST = 9
/** The same, at most. */
export const LONGEST = 16

const { fromCharCode: text } = String

/**
 * Text of {@link SHORTEST} to {@link LONGEST} characters of ASCII: 22 to 32 ns, by the host 63.
 *
 * @returns null for bytes that are no ASCII
 */
export function shortText(bytes: Uint8Array, at: number, length: number): string | null {
  const a = bytes[at]!
  const b = bytes[at + 1]!
  const c = bytes[at + 2]!
  const d = bytes[at + 3]!
  const e = bytes[at + 4]!
  const f = bytes[at + 5]!
  const g = bytes[at + 6]!
  const h = bytes[at + 7]!
  const i = bytes[at + 8]!
  const first = a | b | c | d | e | f | g | h | i
  if (length === 9) return first > 0x7f ? null : text(a, b, c, d, e, f, g, h, i)
  const j = bytes[at + 9]!
  const to10 = first | j
  if (length === 10) return to10 > 0x7f ? null : text(a, b, c, d, e, f, g, h, i, j)
  const k = bytes[at + 10]!
  const to11 = to10 | k
  if (length === 11) return to11 > 0x7f ? null : text(a, b, c, d, e, f, g, h, i, j, k)
  const l = bytes[at + 11]!
  const to12 = to11 | l
  if (length === 12) return to12 > 0x7f ? null : text(a, b, c, d, e, f, g, h, i, j, k, l)
  const m = bytes[at + 12]!
  const to13 = to12 | m
  if (length === 13) return to13 > 0x7f ? null : text(a, b, c, d, e, f, g, h, i, j, k, l, m)
  const n = bytes[at + 13]!
  const to14 = to13 | n
  if (length === 14) return to14 > 0x7f ? null : text(a, b, c, d, e, f, g, h, i, j, k, l, m, n)
  const o = bytes[at + 14]!
  const to15 = to14 | o
  if (length === 15) return to15 > 0x7f ? null : text(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o)
  const p = bytes[at + 15]!
  const to16 = to15 | p
  if (length === 16) return to16 > 0x7f ? null : text(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)
  return null
}
