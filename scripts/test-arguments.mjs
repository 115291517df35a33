import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/**
 * What `npm test -- ARGS` means.
 *
 * @param argv without node and the script
 * @returns root: folder with AVA's configuration; patterns: of test files, as AVA takes them; problem: why nothing can be
 *   run, or null
 */
export function readArguments(argv) {
  const found = {
    root: resolve(import.meta.dirname, '..'),
    verbose: false,
    isolated: false,
    slow: false,
    patterns: [],
    avaFlags: [],
    problem: null,
  }
  const takesValue = new Set(['--match', '-m', '--timeout', '-T', '--concurrency', '-c', '--root'])
  for (let i = 0; i < argv.length; i++) {
    const [name, ...rest] = argv[i].split('=')
    const value = takesValue.has(name) ? (rest.length > 0 ? rest.join('=') : argv[++i]) : undefined
    if (name === '--verbose' || name === '-v') found.verbose = true
    else if (name === '--isolate') found.isolated = true
    else if (name === '--slow') found.slow = true
    else if (name === '--root') found.root = resolve(value)
    else if (name === '--watch' || name === '-w')
      found.problem = 'this runner ends with a verdict; to watch, run: npx ava --watch'
    else if (value !== undefined) found.avaFlags.push(name, value)
    else if (name.startsWith('-')) found.avaFlags.push(argv[i])
    else found.patterns.push(argv[i])
  }
  if (found.slow && !found.avaFlags.some((flag) => /^(--timeout|-T)$/.test(flag)))
    found.avaFlags.push('--timeout', '5m')
  // AVA selects by line only in what is JavaScript as it stands: here the line becomes the title of the test around it.
  found.patterns = found.patterns.map((pattern) => {
    const [, file, line] = /^(.+\.ts):(\d+)$/.exec(pattern) ?? []
    if (file === undefined || !existsSync(resolve(found.root, file))) return pattern
    const title = titleAt(resolve(found.root, file), Number(line))
    if (title === null) found.problem = `there is no test at line ${line} of ${file}, nor above it`
    else found.avaFlags.push('--match', title)
    return file
  })
  // A word that is neither a path nor a glob selects the files whose path contains it.
  found.patterns = found.patterns.flatMap((pattern) => {
    const path = pattern.replace(/:[\d,-]+$/, '')
    const literal = /[*?{}[\]!]/.test(pattern) || existsSync(resolve(found.root, path))
    return literal ? [pattern] : [`**/*${pattern}*`, `**/*${pattern}*/**`]
  })
  return found
}

/** The title of the last test that begins at or above a line; null where none does. */
function titleAt(file, line) {
  const text = readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, line + 1)
    .join('\n')
  const starts = [...text.matchAll(/^(?:test(?:\.\w+)*|slowTest)\(\s*(['"`])(.+?)\1/gm)]
  const above = starts.filter(({ index }) => text.slice(0, index).split('\n').length <= line)
  return above.at(-1)?.[2] ?? null
}
