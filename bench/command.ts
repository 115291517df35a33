import { cpus } from 'node:os'
import { actors } from './actors/actors.ts'
import type { Bench, Report } from './bench.ts'
import { bundleSize } from './browser/bundle-size.ts'
import { checker } from './checker/checker.ts'
import { connections } from './connections/connections.ts'
import { fairness } from './fairness/fairness.ts'
import { hello } from './hello.ts'
import { membership } from './membership/membership.ts'
import { outages } from './outages/outages.ts'
import { remote } from './remote/remote.ts'
import { slowReceiver } from './slow-receiver/slow-receiver.ts'
import { soak } from './soak/soak.ts'
import { tell } from './tell.ts'

const benches: readonly Bench[] = [
  tell,
  hello,
  actors,
  remote,
  slowReceiver,
  fairness,
  soak,
  outages,
  membership,
  connections,
  checker,
  bundleSize,
]

/** What every bench takes. */
const COMMON = { json: /^$/, quick: /^$/, rounds: /^[1-9]\d*$/ }

/** Where to print: the console, or what stands for it. */
type Out = Pick<Console, 'log' | 'error'>

/** What `npm run bench -- ARGS` does. @returns its exit status */
export async function main(args: readonly string[], out: Out): Promise<number> {
  const name = args.find((arg) => !arg.startsWith('--'))
  const bench = benches.find((candidate) => candidate.name === name)
  const { options, unknown } = parse(
    bench,
    args.filter((arg) => arg.startsWith('--')),
  )
  if (bench === undefined || unknown.length > 0) {
    if (unknown.length > 0) out.error(`unknown option ${unknown.join(', ')}`)
    else if (name !== undefined) out.error(`there is no bench called ${name}`)
    out.error('usage: npm run bench -- NAME [--json] [--rounds=N] [--quick]\n')
    for (const { name, about } of benches) out.error(`  ${name.padEnd(8)} ${about}`)
    return name !== undefined || unknown.length > 0 ? 2 : 0
  }
  const { json, quick, rounds, ...extra } = options
  const count = rounds === undefined ? bench.rounds : Number(rounds)
  const report = await bench.run({ rounds: count, quick: quick !== undefined, extra })
  print(out, bench, count, report, json !== undefined)
  if (report.failed === undefined) return 0
  out.error(report.failed)
  return 1
}

/** `--NAME` and `--NAME=VALUE`; unknown is what the bench does not know, and a value that is none. */
function parse(
  bench: Bench | undefined,
  flags: readonly string[],
): { options: Record<string, string>; unknown: string[] } {
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

function print(out: Out, { name }: Bench, rounds: number, { json, text }: Report, asJson: boolean): void {
  const machine = { node: process.version, platform: process.platform, cpus: cpus().length }
  if (asJson) out.log(JSON.stringify({ bench: name, ...machine, rounds, ...json }))
  else {
    const medians = rounds > 1 ? `medians of ${rounds} interleaved rounds, ` : ''
    out.log(`${name}: ${medians}Node ${machine.node} on ${machine.cpus} cpus\n`)
    out.log(text)
  }
}
