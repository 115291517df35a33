import { FileSystemError } from './file-system-error.ts'

/** A whole name may take this many bytes in UTF-8, a part of it between slashes so many. */
const MAX_NAME_BYTES = 4096
const MAX_PART_BYTES = 255

/**
 * The name that the path of a URL stands for, as `docs/a.txt`; of a folder as `docs/`; of the root an empty string.
 *
 * @throws {FileSystemError} BAD_NAME for anything that could be read in two ways
 */
export function nameFromPath(path: string): string {
  const parts = path.slice(1).split('/').map(decodePart)
  const name = parts.join('/')
  const isRoot = name === ''
  for (const [i, part] of parts.entries()) {
    const isEnd = i === parts.length - 1
    if (part === '' && !isEnd && !isRoot) throw badName(path, 'an empty part')
    if (part === '.' || part === '..') throw badName(path, `the part "${part}"`)
    if (part.includes('/') || part.includes('\\')) throw badName(path, 'a slash within a part')
    if (hasControlCharacter(part)) throw badName(path, 'a control character')
    if (Buffer.byteLength(part) > MAX_PART_BYTES) throw badName(path, `a part of more than ${MAX_PART_BYTES} bytes`)
  }
  if (!path.startsWith('/') || (isRoot && parts.length > 1)) throw badName(path, 'an empty part')
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw badName(path, `more than ${MAX_NAME_BYTES} bytes`)
  return name
}

/** The path of a URL that stands for a name. */
export function pathOfName(name: string): string {
  return `/${name.split('/').map(encodeURIComponent).join('/')}`
}

export function isFolderName(name: string): boolean {
  return name === '' || name.endsWith('/')
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw badName(part, 'a percent sign that starts no UTF-8 character')
  }
}

function hasControlCharacter(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code === 0x7f) return true
  }
  return false
}

function badName(path: string, what: string): FileSystemError {
  // Printable, whatever it was: it goes into an answer and onto terminals.
  const shown = JSON.stringify(path.slice(0, 200))
  return new FileSystemError(
    'BAD_NAME',
    `${shown} is no file name: it has ${what}`,
    'Use a path such as /folder/file.txt.',
  )
}
