import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type HistoryEvent, writeHistory } from '@troupe/testkit'
import test, { type ExecutionContext } from 'ava'
import { check } from './check-command.ts'

const GOOD: readonly HistoryEvent[] = [...write('a', 1), ...read('b', 1)]
const BAD: readonly HistoryEvent[] = [...write('a', 1), ...read('c', 1), ...write('a', 2), ...read('b', 1)]

test('a history that is what it should be prints ok, with status 0', (t) => {
  t.deepEqual(checked(t, writeHistory(GOOD), '--model', 'register'), { status: 0, out: 'ok\n', err: '' })
})

test('an illegal one prints the conflict on an axis of time, with status 1', (t) => {
  const { status, out } = checked(t, writeHistory(BAD), '--model=register')

  t.is(status, 1)
  t.is(
    out,
    `illegal

not a linearizable register: no order explains 3 of the 4 operations

a  write 1    |--|
a  write 2          |--|
b  read -> 1              |--|

3 of 4 operations; time goes to the right, ? is an outcome that nobody knows
`,
  )
})

test('one that takes too long prints unknown, with status 2', (t) => {
  const { status, out } = checked(t, writeHistory(BAD), '--model', 'register', '--max-steps=3')

  t.is(status, 2)
  t.is(out, 'unknown\n\nnot decided after 3 steps\n')
})

test('other judges than linearizability have names, too', (t) => {
  const add: HistoryEvent[] = [...write('a', 1), ...read('b', [1]), ...read('b', [])]

  const { status, out } = checked(t, writeHistory(add), '--checker', 'sessions')

  t.is(status, 1)
  t.regex(out, /^illegal\n\nmonotonic reads: process b has read 1, and later it was gone\n/)
})

test('formats that are always of one object need no model', (t) => {
  const log = 'INFO  jepsen.util - 1 :invoke :read nil\nINFO  jepsen.util - 1 :ok :read 5\n'
  const edn = '{:process 1, :type :invoke, :f :get, :key "a"}\n{:process 1, :type :ok, :f :get, :key "a", :value ""}\n'

  t.is(checked(t, log).status, 1)
  t.is(checked(t, edn).status, 0)
})

test('a file without an operation is not ok: it may be empty, or in another format than was said', (t) => {
  const edn = '{:process 1, :type :invoke, :f :get, :key "a"}\n'

  for (const { status, err } of [checked(t, '', '--model', 'register'), checked(t, edn, '--format', 'jepsen-log')]) {
    t.is(status, 3)
    t.regex(err, /it holds no operation, so there is nothing to judge/)
  }
})

const misused: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [[], /^what should it be\? name a model or a checker\n\nusage: /],
  [['--model', 'tree'], /^there is no model tree; known: register, kv, .*\n\nusage: /],
  [['--checker', 'toString'], /^there is no checker toString; known: sessions, /],
  [['--model', 'registr'], /^there is no model registr; did you mean register\?\n/],
  [['--model', 'set', '--checker', 'sessions'], /^either a model or a checker\n/],
  [['--format', 'xml'], /^there is no format called xml\n/],
  [['--modell', 'set'], /^Unknown option '--modell'/],
  [['--model', 'set', '--max-steps', '0'], /^--max-steps=0 is no number\n/],
  [['--model', 'set', 'another'], /^one file, please\n/],
  [['--model', 'register', '--format', 'edn'], /^line 1: process 'a'|^line 1: /],
]
for (const [args, message] of misused) {
  test(`a wrong use says so, with status 3: ${args.join(' ')}`, (t) => {
    const { status, err, out } = checked(t, writeHistory(GOOD), ...args)

    t.is(status, 3)
    t.regex(err, message)
    t.is(out, '')
  })
}

test('a file that is not there, or is no history, is a wrong use', (t) => {
  const err: string[] = []
  const out = { log: () => t.fail(), error: (text: string) => void err.push(text) }

  t.is(check(['/no/such/file', '--model', 'register'], out), 3)
  t.regex(err[0]!, /ENOENT/)
  t.deepEqual(checked(t, '{"process": 1}', '--model', 'register'), {
    status: 3,
    out: '',
    err: 'line 1: "type" is missing\n',
  })
  const deep = `{"process":1,"type":"invoke","f":"write","value":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
  t.is(checked(t, deep, '--model', 'register').status, 3)
  t.regex(checked(t, 'a,b', '--model', 'register').err, /is in no format that is known; name one with --format/)
})

function checked(t: ExecutionContext, text: string, ...args: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-check-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'history')
  writeFileSync(file, text)
  const printed = { out: '', err: '' }
  const status = check([file, ...args], {
    log: (line: string) => (printed.out += `${line}\n`),
    error: (line: string) => (printed.err += `${line}\n`),
  })
  return { status, ...printed }
}

function write(process: string, value: number): HistoryEvent[] {
  return [
    { process, type: 'invoke', f: 'write', value },
    { process, type: 'ok', f: 'write' },
  ]
}

function read(process: string, value: unknown): HistoryEvent[] {
  return [
    { process, type: 'invoke', f: 'read' },
    { process, type: 'ok', f: 'read', value },
  ]
}
