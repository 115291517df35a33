/**
 * Equal texts for values of equal content, different ones otherwise: what checkers compare values by. Keys of
 * objects are sorted; an absent value and `undefined` are one; maps, sets, bytes and big integers are told apart.
 */
export function canonical(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '0' : String(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (value instanceof Map) return `map${sorted([...value].map(canonical))}`
  if (value instanceof Set) return `set${sorted([...value].map(canonical))}`
  if (value instanceof Uint8Array) return `bytes[${value.join()}]`
  const present = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${sorted(present.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`))}}`
}

function sorted(texts: string[]): string {
  return `[${texts.sort().join()}]`
}
