// Runs a TypeScript file against the packages' sources, without a build: `node scripts/run.mjs FILE [args]`.
import { run } from './run-typescript.mjs'

const [file, ...args] = process.argv.slice(2)
if (file === undefined) {
  console.error('usage: node scripts/run.mjs FILE.ts [args]')
  process.exit(2)
}
run(file, args)
