// Installs what package.json and the lockfile ask for, once. Runs before every npm command of the root, so it has no
// dependencies and leaves at once when a stamp in node_modules says that nothing has changed since the last install.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

requireNode(manifest.engines.node)
const stampFile = join(root, 'node_modules', '.troupe-stamp')
const wanted = fingerprint()
if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== wanted) install()

function install() {
  const startedMs = Date.now()
  const command = `npx -y -p ${manifest.packageManager} -- pnpm install --frozen-lockfile`
  // -p, because an outer `npx -p node@22` leaves its own package list in the environment, and this overrides it.
  // One string and a shell: on Windows npx is a .cmd file, which Node starts in no other way. pnpm asks nothing with
  // CI=true and no stdin, not even whether it may replace a node_modules of npm's.
  const result = spawnSync(command, { cwd: root, shell: true, encoding: 'utf8', env: { ...process.env, CI: 'true' } })
  if (result.status !== 0) {
    console.error(`${result.stdout ?? ''}${result.stderr ?? ''}`)
    fail(`could not install the dependencies (${result.error?.message ?? `status ${result.status}`}): ${command}`)
  }
  mkdirSync(dirname(stampFile), { recursive: true })
  writeFileSync(stampFile, wanted)
  console.log(`installed dependencies in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`)
}

/** Of all that decides what node_modules holds. Node counts by major: prebuilt binaries may differ between majors. */
function fingerprint() {
  const hash = createHash('sha256')
  for (const file of ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', ...memberManifests()]) {
    // Git may have checked the file out with Windows line ends.
    hash.update(`${file}\n${dependencyPart(file, readFileSync(join(root, file), 'utf8').replaceAll('\r\n', '\n'))}\n`)
  }
  return `${hash.digest('hex')} node ${process.versions.node.split('.')[0]} ${process.platform} ${process.arch}\n`
}

/** A new script or description needs no install. */
function dependencyPart(file, text) {
  if (!file.endsWith('package.json')) return text
  const { name, packageManager, dependencies, devDependencies, optionalDependencies, peerDependencies } =
    JSON.parse(text)
  return JSON.stringify([name, packageManager, dependencies, devDependencies, optionalDependencies, peerDependencies])
}

/** The workspace's members: `packages:` in pnpm-workspace.yaml, a list of folders and of `folder/*`. */
function memberManifests() {
  const lines = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8').split(/\r?\n/)
  const start = lines.indexOf('packages:') + 1
  const folders = []
  for (let i = start; lines[i]?.startsWith('  - '); i++) {
    const pattern = lines[i].slice(4).replaceAll(/['"]/g, '').trim()
    if (!pattern.endsWith('/*')) folders.push(pattern)
    else {
      const parent = pattern.slice(0, -2)
      for (const name of readdirSync(join(root, parent)).sort()) folders.push(`${parent}/${name}`)
    }
  }
  return folders.map((folder) => `${folder}/package.json`).filter((file) => existsSync(join(root, file)))
}

function requireNode(range) {
  const needed = /^>=(\d+)\.(\d+)$/.exec(range)
  const [major, minor] = process.versions.node.split('.').map(Number)
  const [, neededMajor, neededMinor] = needed.map(Number)
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return
  fail(`Troupe needs Node ${neededMajor}.${neededMinor} or later; this is Node ${process.versions.node}`)
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
