// How many runs a property has that names no number: AVA loads this in each of its threads.
import fc from 'fast-check'

fc.configureGlobal({ numRuns: process.env.TROUPE_TEST_SLOW === '1' ? 300 : 30 })
