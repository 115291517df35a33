/** Longest key that is remembered, in bytes: one with a head of a single byte. */
const MOST_BYTES = 23
/** Keys that are remembered. Beyond that the next ones are written and read letter by letter. */
const MOST_KEYS = 4_096

/** A key that has come before, as text and as it stands on the wire. */
export class KnownKey {
  readonly text: string
  /** Head and letters, and what fills the last word. */
  readonly words: Int32Array
  readonly bytes: Uint8Array
  /** The key that stood behind it the last time: most objects are like the one before. */
  next: KnownKey | null = null

  constructor(text: string) {
    this.text = text
    this.words = new Int32Array((text.length + 4) >> 2)
    this.bytes = Uint8Array.from([0x60 | text.length, ...Array.from(text, (letter) => letter.charCodeAt(0))])
    const padded = new Uint8Array(4 * this.words.length)
    padded.set(this.bytes)
    const view = new DataView(padded.buffer)
    for (let i = 0; i < this.words.length; i++) this.words[i] = view.getInt32(4 * i)
  }
}

const keys = new Map<string, KnownKey>()

/** @returns null for a key that is not remembered, because it is long, no ASCII, or one too many */
export function knownKey(text: string): KnownKey | null {
  const known = keys.get(text)
  if (known !== undefined) return known
  if (text.length > MOST_BYTES || keys.size >= MOST_KEYS) return null
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return null
  const key = new KnownKey(text)
  keys.set(text, key)
  return key
}

/** Where the keys of an object begin. */
export function keyChain(): KnownKey {
  return new KnownKey('')
}
