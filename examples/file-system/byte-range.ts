/** Part of a file: the last byte is not included. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * What a Range header asks for.
 *
 * @returns null when the whole file is to be sent: no header, another unit, several ranges or a malformed one;
 *   `unsatisfiable` when the file has none of those bytes
 * @see RFC 9110, section 14
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | 'unsatisfiable' | null {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '')
  if (found === null) return null
  const [, first = '', last = ''] = found
  if (first === '' && last === '') return null
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes)
    return length === 0 ? 'unsatisfiable' : { start: sizeBytes - length, end: sizeBytes }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return null
  if (start >= sizeBytes) return 'unsatisfiable'
  return { start, end: last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes) }
}
