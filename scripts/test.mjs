// Runs AVA and reports in our own words; the last line is always `N passed, N failed[, N skipped]`.
//
//   npm test                                 everything
//   npm test -- packages/core                a folder, a file (`x.test.ts:12` for the test at line 12) or a glob
//   npm test -- mailbox                      every test file with the word in its path
//   npm test -- --match '*dead letter*'      tests by title
//   npm test -- --verbose                    print each title
//
//   npm test -- --isolate                    each file in a thread of its own: 0.7 s of CPU more per file
//
// Other options go to AVA: --serial, --fail-fast, --timeout=2m, --update-snapshots.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Report } from './test-report.mjs'
import { shareThreads } from './test-threads.mjs'

const { root, verbose, isolated, patterns, avaFlags } = readArguments(process.argv.slice(2))
process.chdir(root)

const colour = !process.env.NO_COLOR && (Boolean(process.env.FORCE_COLOR) || process.stdout.isTTY === true)
const report = new Report({ out: process.stdout, root, verbose, colour, live: process.stdout.isTTY === true })

// AVA leaves by process.exit() when interrupted or misconfigured; the closing line is due even then.
process.on('exit', (status) => {
  report.close(status)
  process.exitCode = report.exitCode
})

// AVA's own output has either no passed count (TAP drops it and crashes on a test that hangs or calls
// process.exit, 7.0.0) or no stable last line. So its command runs in here, with its reporter replaced by ours.
// These files are internals: AVA is pinned to one version, and scripts/test.test.ts fails if they move.
const ava = join(dirname(fileURLToPath(import.meta.resolve('ava'))), '..', 'lib')
const { default: TapReporter } = await load('reporters/tap.js')
TapReporter.prototype.startRun = (plan) => report.start(plan)
TapReporter.prototype.endRun = () => {}
const endThreads = isolated ? () => {} : shareThreads(pathToFileURL(join(ava, 'worker', 'base.js')).href)

process.argv = [process.argv[0], process.argv[1], '--tap', colour ? '--color' : '--no-color', ...avaFlags, ...patterns]
const { default: runAva } = await load('cli.js')
await runAva()
await endThreads()
report.close(process.exitCode)
process.exitCode = report.exitCode

function load(file) {
  return import(pathToFileURL(join(ava, file)).href)
}

function readArguments(argv) {
  const found = {
    root: resolve(import.meta.dirname, '..'),
    verbose: false,
    isolated: false,
    patterns: [],
    avaFlags: [],
  }
  const takesValue = new Set(['--match', '-m', '--timeout', '-T', '--concurrency', '-c', '--root'])
  for (let i = 0; i < argv.length; i++) {
    const [name, ...rest] = argv[i].split('=')
    const value = takesValue.has(name) ? (rest.length > 0 ? rest.join('=') : argv[++i]) : undefined
    if (name === '--verbose' || name === '-v') found.verbose = true
    else if (name === '--isolate') found.isolated = true
    else if (name === '--root') found.root = resolve(value)
    else if (name === '--watch' || name === '-w')
      stop('this runner ends with a verdict; to watch, run: npx ava --watch')
    else if (value !== undefined) found.avaFlags.push(name, value)
    else if (name.startsWith('-')) found.avaFlags.push(argv[i])
    else found.patterns.push(argv[i])
  }
  // AVA selects by line only in what is JavaScript as it stands: here the line becomes the title of the test around it.
  found.patterns = found.patterns.map((pattern) => {
    const [, file, line] = /^(.+\.ts):(\d+)$/.exec(pattern) ?? []
    if (file === undefined || !existsSync(resolve(found.root, file))) return pattern
    const title = titleAt(resolve(found.root, file), Number(line))
    if (title === null) stop(`there is no test at line ${line} of ${file}, nor above it`)
    found.avaFlags.push('--match', title)
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
  const starts = [...text.matchAll(/^test(?:\.\w+)*\(\s*(['"`])(.+?)\1/gm)]
  const above = starts.filter(({ index }) => text.slice(0, index).split('\n').length <= line)
  return above.at(-1)?.[2] ?? null
}

function stop(message) {
  console.error(message)
  process.exit(2)
}
