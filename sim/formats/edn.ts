/**
 * Reads the part of EDN that histories are written in: nil, booleans, numbers, texts, keywords (as texts without the
 * colon), vectors and lists (as lists), maps (as objects, their keys as texts). Several values may follow one another.
 *
 * @throws {SyntaxError} with the column, from 1
 */
export function readEdn(text: string): unknown[] {
  const reader = new Reader(text)
  const values: unknown[] = []
  while (!reader.isAtEnd) values.push(reader.value())
  return values
}

const TOKEN = /[\s,]*(?:([[\](){}])|"((?:[^"\\]|\\.)*)"|([^\s,[\](){}"]+)|$)/y
const CLOSING: Readonly<Record<string, string>> = { '[': ']', '(': ')', '{': '}' }

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get isAtEnd(): boolean {
    return /^[\s,]*$/.test(this.#text.slice(this.#at))
  }

  value(): unknown {
    const [token, bracket, quoted, word] = this.#next()
    if (quoted !== undefined) return JSON.parse(`"${quoted}"`)
    if (word !== undefined) return atom(word)
    const closing = bracket === undefined ? undefined : CLOSING[bracket]
    if (closing === undefined)
      throw this.#error(token.trim() === '' ? 'the text ends too early' : `unexpected ${token}`)
    const items: unknown[] = []
    for (;;) {
      const before = this.#at
      const [, next] = this.#next()
      if (next === closing) break
      this.#at = before
      items.push(this.value())
    }
    if (closing !== '}') return items
    if (items.length % 2 !== 0) throw this.#error('a map has a key without a value')
    return Object.fromEntries(pairs(items))
  }

  #next(): RegExpExecArray {
    TOKEN.lastIndex = this.#at
    const found = TOKEN.exec(this.#text)
    if (found === null) throw this.#error('a text has no end')
    this.#at = TOKEN.lastIndex
    return found
  }

  #error(what: string): SyntaxError {
    return new SyntaxError(`column ${this.#at + 1}: ${what}`)
  }
}

function atom(word: string): unknown {
  if (word === 'nil') return null
  if (word === 'true' || word === 'false') return word === 'true'
  if (word.startsWith(':')) return word.slice(1)
  const number = Number(word.replace(/[NM]$/, ''))
  return Number.isNaN(number) ? word : number
}

function* pairs(items: readonly unknown[]): Generator<[string, unknown]> {
  for (let i = 0; i < items.length; i += 2) yield [String(items[i]), items[i + 1]]
}
