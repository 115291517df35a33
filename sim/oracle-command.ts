import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Out } from './check-command.ts'
import { type Comparison, linearizabilityOracle } from './linearizability-oracle.ts'

/** Something whose verdicts on a folder of data are known from elsewhere. */
interface Oracle {
  /** The folder below that of all oracles. */
  readonly folder: string
  compare(folder: string): Comparison
}

const ORACLES: Readonly<Record<string, Oracle>> = {
  linearizability: { folder: 'porcupine', compare: linearizabilityOracle },
}

const USAGE = `usage: npm run oracle -- NAME [DIR]

  NAME   ${Object.keys(ORACLES).join(', ')}
  DIR    the folder with the data; by default the one of that oracle in the folder that TROUPE_ORACLES names`

/**
 * What `npm run oracle -- ARGS` does.
 *
 * @param home the folder that holds the data of all oracles, if there is one
 * @returns its exit status: 0 when all verdicts agree, 1 when not, 2 for a wrong use
 */
export function oracle(args: readonly string[], out: Out, home: string | undefined): number {
  const [name, given, ...more] = args
  const known = name !== undefined && Object.hasOwn(ORACLES, name) ? ORACLES[name]! : null
  const wrong = (what: string): number => {
    out.error(`${what}\n\n${USAGE}`)
    return 2
  }
  if (known === null) return wrong(name === undefined ? 'which oracle?' : `there is no oracle called ${name}`)
  if (more.length > 0) return wrong(`one folder, please, not ${more.join(' ')} too`)
  const folder = given ?? (home === undefined || home === '' ? null : join(home, known.folder))
  if (folder === null) return wrong('where is the data? Give a folder, or set TROUPE_ORACLES')
  if (!existsSync(folder)) return wrong(`there is no folder ${folder}`)
  const { compared, differences } = known.compare(folder)
  for (const line of differences) out.log(line)
  out.log(`${compared - differences.length} of ${compared} verdicts agree`)
  // Nothing compared is nothing proven.
  return differences.length > 0 || compared === 0 ? 1 : 0
}
