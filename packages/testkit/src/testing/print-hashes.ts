import { simulate } from '../simulation/simulate.ts'
import { counting } from './counting.ts'

// A process of its own: prints the hashes of the runs whose seeds it is given.
for (const seed of process.argv.slice(2)) console.log((await simulate({ scenario: counting, seed })).hash)
