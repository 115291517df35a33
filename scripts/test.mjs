// Runs AVA and reports in our own words; the last line is always `N passed, N failed[, N skipped]`.
//
//   npm test                                 everything
//   npm test -- packages/core                a folder, a file (`x.test.ts:12` for the test at line 12) or a glob
//   npm test -- mailbox                      every test file with the word in its path
//   npm test -- --match '*dead letter*'      tests by title
//   npm test -- --verbose                    print each title
//
//   npm run test:slow -- ...                 the same, with the seeds, runs and programs that take minutes
//   npm test -- --isolate                    each file in a thread of its own: 0.7 s of CPU more per file
//
// Other options go to AVA: --serial, --fail-fast, --timeout=2m, --update-snapshots.
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { readArguments } from './test-arguments.mjs'
import { thriftily } from './test-economy.mjs'
import { Report } from './test-report.mjs'
import { shareThreads } from './test-threads.mjs'

const { root, verbose, isolated, slow, patterns, avaFlags, problem } = readArguments(process.argv.slice(2))
if (problem !== null) {
  console.error(problem)
  process.exit(2)
}
process.chdir(root)
// Read by scripts/slow-suite.ts and scripts/property-runs.mjs, in every thread.
if (slow) process.env.TROUPE_TEST_SLOW = '1'
thriftily()

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
