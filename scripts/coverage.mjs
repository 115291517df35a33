// Line coverage of the packages' sources: `npm run coverage [-- what npm test takes]`; details in coverage/index.html.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const c8 = join(dirname(fileURLToPath(import.meta.resolve('c8'))), 'bin', 'c8.js')
const options = [
  '--all',
  '--src=packages',
  '--reporter=text-summary',
  '--reporter=html',
  '--include=packages/*/src/**',
  '--exclude=**/*.test.ts',
]
const { status } = spawnSync(
  process.execPath,
  [c8, ...options, process.execPath, 'scripts/test.mjs', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
)
process.exit(status ?? 1)
