/**
 * The seed number `index` of a sweep: numbers count on from `from`, a text (a commit hash, say) gets a number behind
 * it: `abc123+0`, `abc123+1`; and `abc123+1` counts on to `abc123+2`. So one text names as many runs as are wanted.
 */
export function seedAt(from: number | string, index: number): number | string {
  if (typeof from === 'number') return from + index
  const [, text = from, number = '0'] = /^(.*)\+(\d{1,9})$/s.exec(from) ?? []
  return `${text}+${Number(number) + index}`
}

/**
 * A seed as it was before it was printed: what looks like a number is that number, all else is a text. Numbers of more
 * than 15 digits are texts, as JavaScript cannot count in them.
 */
export function parseSeed(text: string): number | string {
  return /^(?:0|[1-9]\d{0,14})$/.test(text) ? Number(text) : text
}
