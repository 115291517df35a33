import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { oracle } from './oracle-command.ts'

const home = process.env.TROUPE_ORACLES

if (home === undefined || home === '') {
  test.skip('every stated verdict on the histories of others is ours, within 10 s [TROUPE_ORACLES is not set]', () => {})
} else {
  test('every stated verdict on the histories of others is ours, within 10 s', (t) => {
    const before = process.cpuUsage()

    const { status, out } = asked('linearizability')

    const { user } = process.cpuUsage(before)
    t.is(status, 0, out)
    const [, same, all] = /^(\d+) of (\d+) verdicts agree\n$/.exec(out) ?? []
    t.true(same === all && Number(all) > 0, out)
    t.true(user < 10e6, `${user} us`)
  })
}

const READ = (answer: string): string =>
  `INFO  jepsen.util - 1\t:invoke\t:read\tnil\nINFO  jepsen.util - 1\t:ok\t:read\t${answer}\n`
const GET = (answer: string): string =>
  `{:process 1, :type :invoke, :f :get, :key "a", :value nil}\n{:process 1, :type :ok, :f :get, :key "a", :value "${answer}"}\n`
const README = `
\`\`\`json
{ "linearizable": [1, 3], "not_linearizable": [2] }
\`\`\`
| file | keys | linearizable |
|---|---|---|
| first.txt | 1 | yes |
| second.txt | 1 | no |
`

test('verdicts come from the page beside the data, and from names where it is silent', (t) => {
  const { status, out } = asked('linearizability', folder(t, { kv: { 'c-ok.txt': GET(''), 'c-bad.txt': GET('x') } }))

  t.is(out, '7 of 7 verdicts agree\n')
  t.is(status, 0)
})

test('each verdict that differs is a line, as is a file that is missing or is no history', (t) => {
  const data = folder(t, {
    jepsen: { 'etcd_001.log': READ('5'), 'etcd_002.log': READ('nil') },
    kv: { 'first.txt': '{', 'z-ok.txt': GET('x') },
  })
  rmSync(join(data, 'jepsen', 'etcd_003.log'))

  const { status, out } = asked('linearizability', data)

  t.is(status, 1)
  t.deepEqual(out.split('\n'), [
    'jepsen/etcd_001.log: stated ok, found illegal: not a linearizable register: no order explains 1 of the 1 operations',
    'jepsen/etcd_002.log: stated illegal, found ok',
    'jepsen/etcd_003.log: stated ok, found no history: there is no such file',
    'kv/first.txt: stated ok, found no history: line 1: no EDN: column 2: the text ends too early',
    'kv/z-ok.txt: stated ok, found illegal: not a linearizable kv: no order explains 1 of the 1 operations on key "a"',
    '1 of 6 verdicts agree',
    '',
  ])
})

test('an empty folder proves nothing', (t) => {
  const data = mkdtempSync(join(tmpdir(), 'troupe-oracle-'))
  t.teardown(() => rmSync(data, { recursive: true }))

  t.deepEqual(asked('linearizability', data), { status: 1, out: '0 of 0 verdicts agree\n', err: '' })
})

test('a wrong use brings the usage and status 2', (t) => {
  for (const args of [[], ['delphi'], ['linearizability', '/no/such/folder'], ['linearizability', '.', '.']]) {
    const { status, err } = asked(...args)
    t.is(status, 2)
    t.regex(err, /\n\nusage: npm run oracle -- NAME \[DIR\]/)
  }
  const silent = { log: () => t.fail(), error: (text: string) => t.regex(text, /set TROUPE_ORACLES/) }
  t.is(oracle(['linearizability'], silent, undefined), 2)
})

function asked(...args: readonly string[]) {
  const printed = { out: '', err: '' }
  const status = oracle(
    args,
    {
      log: (line: string) => (printed.out += `${line}\n`),
      error: (line: string) => (printed.err += `${line}\n`),
    },
    home,
  )
  return { status, ...printed }
}

/** A folder in the layout of the oracle, all as stated but for the files given. */
function folder(t: ExecutionContext, files: { readonly [folder: string]: Readonly<Record<string, string>> }): string {
  const root = mkdtempSync(join(tmpdir(), 'troupe-oracle-'))
  t.teardown(() => rmSync(root, { recursive: true }))
  const all: Record<string, string> = {
    'README.md': README,
    'jepsen/etcd_001.log': READ('nil'),
    'jepsen/etcd_002.log': READ('5'),
    'jepsen/etcd_003.log': READ('nil'),
    'kv/first.txt': GET(''),
    'kv/second.txt': GET('x'),
  }
  for (const [name, some] of Object.entries(files)) {
    for (const [file, text] of Object.entries(some)) all[`${name}/${file}`] = text
  }
  for (const name of ['jepsen', 'kv']) mkdirSync(join(root, name))
  for (const [file, text] of Object.entries(all)) writeFileSync(join(root, file), text)
  return root
}
