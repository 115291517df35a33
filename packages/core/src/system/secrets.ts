import { InvalidOptionError } from '../errors.ts'

/** What a secret has at least, in bytes. */
const MIN_SECRET_BYTES = 16

/**
 * The secrets of an option, as bytes.
 *
 * @throws {InvalidOptionError} which does not show them
 */
export function secretsOf(option: unknown): readonly Uint8Array[] {
  if (option === undefined) return []
  const given = Array.isArray(option) ? (option as readonly unknown[]) : [option]
  if (given.length === 0) throw invalid('none')
  return given.map((secret) => {
    if (typeof secret !== 'string' && !(secret instanceof Uint8Array)) throw invalid(`one of type ${typeof secret}`)
    // A copy: whoever gave the bytes may wipe them.
    const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : Uint8Array.from(secret)
    if (bytes.length < MIN_SECRET_BYTES) throw invalid(`one of ${bytes.length} bytes`)
    return bytes
  })
}

function invalid(found: string): InvalidOptionError {
  const expected = `a text or bytes, ${MIN_SECRET_BYTES} bytes at least, or an array of such with one at least`
  return new InvalidOptionError('createSystem', 'secret', expected, found)
}
