// `npm run test:browser`: the tests that need a browser, in the Chromium of this machine: CHROMIUM, or the first of the
// usual places. Where there is none they are skipped, which is said, and no failure.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

const chromium = process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place))
if (chromium === undefined || !existsSync(chromium)) {
  const where = chromium === undefined ? `none of ${PLACES.join(', ')}` : `CHROMIUM is ${chromium}`
  console.log(`browser tests: SKIPPED, there is no Chromium here (${where}); install one or set CHROMIUM`)
  process.exit(process.env.CHROMIUM === undefined ? 0 : 1)
}
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const ava = join(dirname(fileURLToPath(import.meta.resolve('ava'))), 'cli.mjs')
const args = [ava, '--config', 'ava.browser.config.mjs', ...process.argv.slice(2)]
const { status } = spawnSync(process.execPath, args, {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, CHROMIUM: chromium },
})
process.exit(status ?? 1)
