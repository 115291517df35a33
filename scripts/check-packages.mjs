// `npm run check:packages`, after a build: packs every package as pnpm would publish it and judges the tarballs, not the
// folders, because `workspace:` ranges are replaced, and files left out, only in packing. publint reads the manifest,
// attw the types; then each entry is imported from an installed copy, with no source condition.
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = mkdtempSync(join(tmpdir(), 'troupe-packages-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const publint = join(dirname(fileURLToPath(import.meta.resolve('publint'))), 'cli.js')
const attw = join(dirname(fileURLToPath(import.meta.resolve('@arethetypeswrong/cli/package.json'))), 'dist', 'index.js')

const filter = '--filter "./packages/*"'
command('pnpm pack', `npx -y -p ${packageManager} -- pnpm -r ${filter} pack --pack-destination "${folder}"`)

const packages = readdirSync(join(root, 'packages'))
  .filter((name) => existsSync(join(root, 'packages', name, 'package.json')))
  .map((name) => install(join(root, 'packages', name)))
for (const { name, tarball, manifest, files } of packages) {
  node(`${name}: publint`, [publint, tarball, '--strict'])
  node(`${name}: attw`, [attw, tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji'])
  contents(name, manifest, files)
  for (const entry of Object.keys(manifest.exports)) importEntry(`${name}${entry.slice(1)}`)
  console.log(`${name}: good to publish: ${Object.keys(manifest.exports).join(' ')}`)
}

/** Unpacks a tarball where Node will find it, beside the versions of its dependencies that the workspace uses. */
function install(source) {
  const { name, version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'))
  const tarball = join(folder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)
  const home = join(folder, 'node_modules', name)
  mkdirSync(home, { recursive: true })
  // A relative name: tar takes the colon of a Windows path for a host.
  command(`${name}: unpack`, `tar -xzf ../../../${tarball.slice(folder.length + 1)} --strip-components=1`, home)
  const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  for (const dependency of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    const link = join(folder, 'node_modules', dependency)
    if (dependency.startsWith('@troupe/') || existsSync(link)) continue
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(realpathSync(join(source, 'node_modules', dependency)), link, 'junction')
  }
  return { name, tarball, manifest, files: readdirSync(home, { recursive: true }) }
}

function contents(name, manifest, files) {
  const ranges = Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies })
  const wrong = [
    ...ranges.filter(([, range]) => range.startsWith('workspace:')).map(([to]) => `${to} has a workspace: range`),
    ...files.filter((file) => /\.test\.|tsbuildinfo/.test(file)).map((file) => `${file} must not be published`),
    ...(files.includes('LICENSE') ? [] : ['LICENSE is missing']),
  ]
  if (wrong.length > 0) fail(`${name}: contents`, wrong.join('\n'))
}

function importEntry(entry) {
  const script = `await import(${JSON.stringify(entry)})`
  node(`import '${entry}'`, ['--input-type=module', '--eval', script], folder)
}

function node(what, args, cwd = root) {
  // NODE_OPTIONS may carry a source condition or a loader, which would hide a broken dist.
  const result = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } })
  if (result.status !== 0) fail(what, `${result.stdout}${result.stderr}`)
}

function command(what, line, cwd = root) {
  const result = spawnSync(line, { cwd, encoding: 'utf8', shell: true })
  if (result.status !== 0) fail(what, `${result.stdout}${result.stderr}`)
}

function fail(what, output) {
  console.error(`${output}\n${what}: failed`)
  process.exit(1)
}
