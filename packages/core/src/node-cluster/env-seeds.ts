import process from 'node:process'
import type { Discovery } from '../cluster/discovery.ts'
import { checkOptions, is } from '../options.ts'
import { seedWords } from './seed-words.ts'

export interface EnvSeedsOptions {
  /** The variable. Default `TROUPE_SEEDS`. */
  readonly variable?: string
}

/**
 * Finds the addresses in an environment variable, apart by commas or white space: those of all nodes, this one included.
 * An unset or empty one is nobody yet.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function envSeeds(options: EnvSeedsOptions = {}): Discovery {
  checkOptions('envSeeds', options, { variable: is.string })
  const { variable = 'TROUPE_SEEDS' } = options
  return {
    name: `environment variable ${variable}`,
    lookup: () => Promise.resolve(seedWords(process.env[variable] ?? '')),
  }
}
