/** `npm run bench -- NAME [--json] [--rounds=N] [--quick]`, and options that a bench has of its own. */
import { cpus } from 'node:os'
import { actors } from './actors/actors.ts'
import type { Bench, Report } from './bench.ts'
import { fairness } from './fairness/fairness.ts'
import { hello } from './hello.ts'
import { soak } from './soak/soak.ts'
import { tell } from './tell.ts'

const benches: readonly Bench[] = [tell, hello, actors, fairness, soak]

/** What every bench takes. */
const COMMON = { json: /^$/, quick: /^$/, rounds: /^[1-9]\d*$/ }

const args = process.argv.slice(2)
const name = args.find((arg) => !arg.startsWith('--'))
const bench = benches.find((candidate) => candidate.name === name)
const { options, unknown } = parse(args.filter((arg) => arg.startsWith('--')))

if (bench === undefined || unknown.length > 0) {
  if (unknown.length > 0) console.error(`unknown option ${unknown.join(', ')}`)
  else if (name !== undefined) console.error(`there is no bench called ${name}`)
  console.error('usage: npm run bench -- NAME [--json] [--rounds=N] [--quick]\n')
  for (const { name, about } of benches) console.error(`  ${name.padEnd(8)} ${about}`)
  if (name !== undefined || unknown.length > 0) process.exitCode = 2
} else {
  const { json, quick, rounds, ...extra } = options
  const count = rounds === undefined ? bench.rounds : Number(rounds)
  const report = await bench.run({ rounds: count, quick: quick !== undefined, extra })
  print(bench, count, report, json !== undefined)
}

/** `--NAME` and `--NAME=VALUE`; unknown is what the bench does not know, and a value that is none. */
function parse(flags: readonly string[]): { options: Record<string, string>; unknown: string[] } {
  const forms: Record<string, RegExp> = { ...COMMON, ...bench?.extra }
  const options: Record<string, string> = {}
  const unknown: string[] = []
  for (const flag of flags) {
    const [, name = '', value = ''] = /^--([^=]*)=?(.*)$/.exec(flag)!
    if (Object.hasOwn(forms, name) && forms[name]!.test(value)) options[name] = value
    else unknown.push(flag)
  }
  return { options, unknown }
}

function print({ name }: Bench, rounds: number, { json, text, failed }: Report, asJson: boolean): void {
  const machine = { node: process.version, platform: process.platform, cpus: cpus().length }
  if (asJson) console.log(JSON.stringify({ bench: name, ...machine, rounds, ...json }))
  else {
    const medians = rounds > 1 ? `medians of ${rounds} interleaved rounds, ` : ''
    console.log(`${name}: ${medians}Node ${machine.node} on ${machine.cpus} cpus\n`)
    console.log(text)
  }
  if (failed === undefined) return
  console.error(failed)
  process.exitCode = 1
}
