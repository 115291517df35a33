/** Hunts planted bugs on its own: `node scripts/run.mjs sim/mutants/mutants-main.ts --only NAME`. */
import { main } from './run.ts'

process.exitCode = await main(process.argv.slice(2), console)
