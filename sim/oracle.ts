/** `npm run oracle -- NAME [DIR]`: do our judges agree with what others have found? */
import { oracle } from './oracle-command.ts'

process.exitCode = oracle(process.argv.slice(2), console, process.env.TROUPE_ORACLES)
