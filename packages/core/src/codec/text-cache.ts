/** Texts that were read lately, by what they look like. A power of two. */
const SLOTS = 1_024
/** Longest text that is looked up, in bytes. */
export const MOST_CACHED = 24

const texts: string[] = new Array<string>(SLOTS).fill('')

/**
 * Text of ASCII characters that is likely to have come before, a name or a key: found again instead of made anew.
 *
 * @returns null for bytes that are no ASCII
 */
export function cachedText(bytes: Uint8Array, start: number, length: number): string | null {
  let hash = length
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i]!
    if (byte > 0x7f) return null
    hash = (Math.imul(hash, 31) + byte) | 0
  }
  const slot = (hash ^ (hash >>> 10)) & (SLOTS - 1)
  const known = texts[slot]!
  if (known.length === length && isText(known, bytes, start)) return known
  let text = ''
  for (let i = 0; i < length; i++) text += String.fromCharCode(bytes[start + i]!)
  // What was put together of pieces is one piece once it was the key of something.
  return (texts[slot] = Object.keys({ [text]: 0 })[0]!)
}

function isText(text: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false
  return true
}
