/** `npm run fuzz -- --frames N`: what do frames do that no honest node sends? */
import { fuzz } from './fuzz-command.ts'

process.exitCode = await fuzz(process.argv.slice(2), {
  out: (line) => console.log(line),
  err: (text) => void process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
})
