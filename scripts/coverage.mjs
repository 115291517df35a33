// Line coverage of the packages' sources: `npm run coverage [-- what npm test takes]`; details in coverage/index.html.
//
// Files of types alone have no lines that could run and are left out; a file that no test loads counts as uncovered.
// Run over all tests, it fails when a package is below what is asked of it.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Least share of lines, in per cent. */
const ASKED = { core: 95 }
const HAS_CODE = /^(export )?(async |abstract )?(const|let|function|class)\b|^export (\{|\*)/m

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const c8 = join(dirname(fileURLToPath(import.meta.resolve('c8'))), 'bin', 'c8.js')
// Each package's own folder: beside it stand the links to all the others, round and round.
const typesAlone = readdirSync(join(root, 'packages'))
  .flatMap((name) =>
    readdirSync(join(root, 'packages', name, 'src'), { recursive: true }).map((file) => `${name}/src/${file}`),
  )
  .filter((file) => file.endsWith('.ts'))
  .filter((file) => !HAS_CODE.test(readFileSync(join(root, 'packages', file), 'utf8')))
const options = [
  '--all',
  '--src=packages',
  '--reporter=json-summary',
  '--reporter=html',
  '--include=packages/*/src/**',
  '--exclude=**/*.test.ts',
  ...typesAlone.map((file) => `--exclude=packages/${file}`),
]
const tests = process.argv.slice(2)
const { status } = spawnSync(process.execPath, [c8, ...options, process.execPath, 'scripts/test.mjs', ...tests], {
  cwd: root,
  stdio: 'inherit',
})

const files = Object.entries(JSON.parse(readFileSync(join(root, 'coverage', 'coverage-summary.json'), 'utf8')))
const packages = new Map()
for (const [path, { lines }] of files) {
  const name = /packages\/([^/]+)\/src\//.exec(path)?.[1]
  if (name === undefined) continue
  const sum = packages.get(name) ?? { covered: 0, total: 0 }
  packages.set(name, { covered: sum.covered + lines.covered, total: sum.total + lines.total })
}
let enough = true
console.log(`\nlines covered by ${tests.length === 0 ? 'all tests' : tests.join(' ')}:`)
for (const [name, { covered, total }] of packages) {
  const percent = (100 * covered) / total
  const missed = tests.length === 0 && percent < (ASKED[name] ?? 0)
  if (missed) enough = false
  console.log(`${percent.toFixed(1).padStart(6)} %  ${name}${missed ? `: less than ${ASKED[name]} %` : ''}`)
}
process.exit(status || (enough ? 0 : 1))
