/** `npm run bench -- NAME [--json] [--rounds=N] [--quick]` */
import { cpus } from 'node:os'
import type { Bench, Result } from './bench.ts'
import { hello } from './hello.ts'
import { tell } from './tell.ts'

const benches: readonly Bench[] = [tell, hello]

const args = process.argv.slice(2)
const flags = new Set(args.filter((arg) => arg.startsWith('--')))
const name = args.find((arg) => !arg.startsWith('--'))
const rounds = [...flags].map((flag) => /^--rounds=([1-9]\d*)$/.exec(flag)?.[1]).find((count) => count !== undefined)
const unknown = [...flags].filter((flag) => !/^--(json|quick|rounds=[1-9]\d*)$/.test(flag))
const bench = benches.find((candidate) => candidate.name === name)

if (bench === undefined || unknown.length > 0) {
  if (unknown.length > 0) console.error(`unknown option ${unknown.join(', ')}`)
  else if (name !== undefined) console.error(`there is no bench called ${name}`)
  console.error('usage: npm run bench -- NAME [--json] [--rounds=N] [--quick]\n')
  for (const { name, about } of benches) console.error(`  ${name.padEnd(8)} ${about}`)
  if (name !== undefined || unknown.length > 0) process.exitCode = 2
} else {
  const count = rounds === undefined ? bench.rounds : Number(rounds)
  const result = await bench.run({ rounds: count, quick: flags.has('--quick') })
  print(bench, count, result)
}

function print({ name }: Bench, rounds: number, result: Result): void {
  const machine = { node: process.version, platform: process.platform, cpus: cpus().length }
  if (flags.has('--json')) {
    console.log(JSON.stringify({ bench: name, ...machine, rounds, ...result }))
    return
  }
  console.log(`${name}: medians of ${rounds} interleaved rounds, Node ${machine.node} on ${machine.cpus} cpus\n`)
  const width = Math.max(...result.rows.map((row) => row.name.length))
  console.log(`${''.padEnd(width)} ${['median', 'least', 'most', 'ratio'].map((head) => head.padStart(10)).join('')}`)
  for (const row of result.rows) {
    const figures = [row.median, row.min, row.max].map((figure) => `${figure.toFixed(1)} ${result.unit}`.padStart(10))
    console.log(`${row.name.padEnd(width)} ${figures.join('')}${row.ratio.toFixed(1).padStart(10)}`)
  }
  if (Object.keys(result.counted).length > 0) console.log()
  for (const [figure, value] of Object.entries(result.counted)) console.log(`${figure} ${Number(value.toFixed(4))}`)
}
