// `npm run example -- NAME [args]` runs examples/NAME.ts or examples/NAME/main.ts.
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './run-typescript.mjs'

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'examples')
const [name, ...args] = process.argv.slice(2)
const available = examples()

if (name !== undefined && available.has(name)) run(available.get(name), args)
else {
  if (name !== undefined) console.error(`there is no example named ${name}`)
  console.error('usage: npm run example -- NAME [args], where NAME is one of')
  for (const each of available.keys()) console.error(`  ${each}`)
  process.exit(2)
}

function examples() {
  const found = new Map()
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const main = join(folder, entry.name, 'main.ts')
    if (entry.isDirectory() && existsSync(main)) found.set(entry.name, main)
    else if (/^[^.]+\.ts$/.test(entry.name)) found.set(entry.name.slice(0, -3), join(folder, entry.name))
  }
  return new Map([...found].sort())
}
