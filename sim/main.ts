/** `npm run sim -- SCENARIO [options]`, `npm run sim -- replay repro.json`; without arguments, the list. */
import { main } from './command.ts'
import { BROKEN } from './exit-status.ts'

// Whoever reads the output has gone: what is left to do is of use to nobody.
process.stdout.on('error', () => process.exit(BROKEN))
process.exitCode = await main(process.argv.slice(2), {
  out: (text) => void process.stdout.write(`${text}\n`),
  err: (text) => void process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
})
