/** `npm run bench -- NAME [--json] [--rounds=N] [--quick]`, and options that a bench has of its own. */
import { main } from './command.ts'

process.exitCode = await main(process.argv.slice(2), console)
