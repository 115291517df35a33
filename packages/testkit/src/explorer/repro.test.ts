import test from 'ava'
import { formatRepro, parseRepro, type Repro, ReproFormatError } from './repro.ts'
import { parseSeed, seedAt } from './seeds.ts'

const repro: Repro = {
  format: 1,
  scenario: 'counter',
  seed: 'abc123+4',
  nodes: 3,
  clients: 2,
  operations: 9,
  durationMs: 1_500,
  mode: 'explore',
  nemesis: [
    { atMs: 100, op: 'crash', node: 'n1' },
    { atMs: 200, op: 'heal' },
  ],
  messageFaults: [],
  violation: { kind: 'safety', name: 'counter', message: 'lost "3"', atMs: 1_400 },
  hash: '0123456789abcdef',
}

test('what was written is read again, one line for each fault', (t) => {
  const text = formatRepro(repro)

  t.deepEqual(parseRepro(text), repro)
  t.true(text.includes('\n    {"atMs":100,"op":"crash","node":"n1"},\n'))
})

test('what is no repro.json is refused, with what is wrong', (t) => {
  const refused = (change: object, message: RegExp): void => {
    t.throws(() => parseRepro(JSON.stringify({ ...repro, ...change })), { instanceOf: ReproFormatError, message })
  }
  refused({ format: 2 }, /format is 2, known is 1/)
  refused({ seed: 3 }, /seed must be a text, is 3/)
  refused({ nodes: undefined }, /nodes must be a number from 1 to 1,000, is missing/)
  refused({ nemesis: [{ op: 'crash' }] }, /nemesis must be a list/)
  for (const operation of [
    { op: 'toString', node: 'n1' },
    { op: 'advance', node: 'n1' },
    { op: '__proto__', node: 'n1' },
    { op: 'partition' },
    { op: 'partition', groups: ['n1'] },
    { op: 'cut', from: 'n1' },
    { op: 'clock', node: 'n1', driftPpm: -1_000_000 },
    { op: 'slow', node: 'n1', turnMs: '3' },
    { op: 'heal', atMs: -1 },
  ])
    refused({ nemesis: [{ atMs: 1, ...operation }] }, /nemesis must be a list/)
  refused({ messageFaults: [{ link: 'n1>n2', n: 1, fault: 'constructor' }] }, /messageFaults must be a list/)
  refused({ nodes: 1e15 }, /nodes must be a number from 1 to 1,000/)
  refused({ nodes: 0 }, /nodes must be a number from 1/)
  refused({ durationMs: 0.5 }, /durationMs must be a whole number from 1/)
  refused({ messageFaults: {} }, /messageFaults must be a list/)
  refused({ hash: 'x' }, /hash must be 16/)
  t.throws(() => parseRepro('[1]'), { message: /must be an object/ })
  t.throws(() => parseRepro('{'), { code: 'REPRO_FORMAT', message: /this is no repro.json: / })
})

test('numbers count on, texts get numbers, and both are read as they were', (t) => {
  t.deepEqual([seedAt(7, 0), seedAt(7, 3)], [7, 10])
  t.deepEqual([seedAt('abc123', 0), seedAt('abc123', 3)], ['abc123+0', 'abc123+3'])
  t.deepEqual([seedAt('a+b+7', 0), seedAt('a+b+7', 3)], ['a+b+7', 'a+b+10'])
  for (const seed of [0, 12, 'abc123+0', '007', '1234567890123456', '-1']) t.is(parseSeed(String(seed)), seed)
})
