import { parseArgs } from 'node:util'
import { hello, helloText } from './hello.ts'
import { tell, tellText } from './tell.ts'

/** Each bench measures and returns its report with the text for people. */
const BENCHES: Readonly<Record<string, (scale: number, rounds: number) => Promise<[report: object, text: string]>>> = {
  tell: async (scale, rounds) => {
    const report = await tell(scale, rounds)
    return [report, tellText(report)]
  },
  hello: async (_scale, rounds) => {
    const report = await hello(rounds)
    return [report, helloText(report)]
  },
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' }, rounds: { type: 'string' }, scale: { type: 'string' } },
  })
  const names = positionals.length > 0 ? positionals : ['tell']
  const rounds = Number(values.rounds ?? 5)
  const scale = Number(values.scale ?? 1)
  const unknown = names.find((name) => !Object.hasOwn(BENCHES, name))
  if (unknown !== undefined || names.length > 1 || !(rounds >= 1) || !(scale > 0)) {
    console.error(
      `usage: npm run bench -- NAME [--json] [--rounds N] [--scale X]; NAME is ${Object.keys(BENCHES).join(' or ')}`,
    )
    return 2
  }
  const [report, text] = await BENCHES[names[0]!]!(scale, rounds)
  console.log(values.json ? JSON.stringify({ node: process.version, rounds, scale, ...report }) : text)
  return 0
}

process.exitCode = await main()
