// `npm run build`: tsc -b over the packages, incremental; a dist that holds output of a deleted source starts afresh.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
for (const name of readdirSync(join(root, 'packages'))) {
  const dist = join(root, 'packages', name, 'dist')
  const stale = orphan(dist, join(root, 'packages', name, 'src'))
  if (stale === undefined) continue
  console.log(`packages/${name}: dist/${stale} has no source any more, building afresh`)
  rmSync(dist, { recursive: true })
}
const tsc = join(dirname(fileURLToPath(import.meta.resolve('typescript/package.json'))), 'bin', 'tsc')
const options = { cwd: root, stdio: 'inherit' }
const { status } = spawnSync(process.execPath, [tsc, '-b', ...process.argv.slice(2)], options)
for (const name of readdirSync(join(root, 'packages'))) {
  const dist = join(root, 'packages', name, 'dist')
  // tsc's notes live in dist so that deleting dist deletes them too, but no user has a use for them.
  if (existsSync(dist)) writeFileSync(join(dist, '.npmignore'), '.tsbuildinfo\n')
}
process.exit(status ?? 1)

function orphan(dist, src) {
  if (!existsSync(dist)) return undefined
  const outputs = readdirSync(dist, { recursive: true }).filter((file) => file.endsWith('.js'))
  return outputs.find((file) => !existsSync(join(src, `${file.slice(0, -3)}.ts`)))
}
