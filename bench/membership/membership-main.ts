/** The process that measures: a line of JSON for each size, `MEMBERS`; or `false-deaths HOURS SEED`, `detection CRASHES`. */
import { measureDetection } from './detection.ts'
import { countFalseDeaths } from './false-deaths.ts'
import { measureScale } from './scale.ts'

const [what, count, seed] = process.argv.slice(2)
if (what === 'false-deaths') console.log(JSON.stringify(countFalseDeaths(Number(count), Number(seed))))
else if (what === 'detection') console.log(JSON.stringify(measureDetection(Number(count))))
else console.log(JSON.stringify(measureScale(Number(what), 1)))
