import { SeededRandom } from '@troupe/core'
import test from 'ava'
import { FAULT_KINDS } from '../nemesis/fault-options.ts'
import { drawNemesis } from '../nemesis/swarm.ts'
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
  refused({ nemesis: {} }, /nemesis must be a list/)
  refused({ nodes: undefined }, /nodes must be a number from 1 to 1,000, is missing/)
  refused({ nemesis: [{ op: 'crash', node: 'n1' }] }, /nemesis: atMs must be a time/)
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
    refused({ nemesis: [{ atMs: 1, ...operation }] }, /nemesis: /)
  refused({ messageFaults: [{ link: 'n1>n2', n: 1, fault: 'constructor' }] }, /messageFaults must be a list/)
  refused({ nodes: 1e15 }, /nodes must be a number from 1 to 1,000/)
  refused({ nodes: 0 }, /nodes must be a number from 1/)
  refused({ durationMs: 0.5 }, /durationMs must be a whole number from 1/)
  refused({ messageFaults: {} }, /messageFaults must be a list/)
  refused({ hash: 'x' }, /hash must be 16/)
  t.throws(() => parseRepro('[1]'), { message: /must be an object/ })
  t.throws(() => parseRepro('{'), { code: 'REPRO_FORMAT', message: /this is no repro.json: / })
})

test('a fault that was edited into one that nobody knows is refused, and does not pass for mended code', (t) => {
  const refused = (item: unknown, message: RegExp): void => {
    t.throws(() => parseRepro(JSON.stringify({ ...repro, nemesis: [item] })), { code: 'REPRO_FORMAT', message })
  }
  refused({ op: 'crash' }, /nemesis: atMs must be a time in ms, is \{"op":"crash"\}/)
  refused({ atMs: 1, op: 'partitoin', groups: [] }, /nemesis: op must be one of crash, .*partition.*, is \{/)
  refused({ atMs: 1, op: 'partition', group: [['n1']] }, /nemesis: partition has groups, oneWay, and no group,/)
  refused({ atMs: 1, op: 'partition', groups: 'n1' }, /nemesis: partition needs groups/)
  refused({ atMs: 1, op: 'crash' }, /nemesis: crash needs node/)
  refused({ atMs: 1, op: 'heal', node: 'n1' }, /nemesis: heal has no more fields, and no node/)
  refused(null, /nemesis: each must be/)
})

test('every fault that a seed may draw is one that is read again', (t) => {
  const targets = { nodes: ['n1', 'n2', 'n3'], clients: ['c1'], durationMs: 30_000, hasLeader: true }
  const ops = new Set<string>()
  for (let seed = 0; seed < 60; seed++) {
    const options = { kinds: FAULT_KINDS, versions: ['2'], meanGapMs: 300 }
    const nemesis = drawNemesis(new SeededRandom(seed), targets, options)
    t.deepEqual(parseRepro(formatRepro({ ...repro, nemesis })).nemesis, nemesis)
    for (const { op } of nemesis) ops.add(op)
  }
  t.true(ops.size > 12, [...ops].join(' '))
})

test('numbers count on, texts get numbers, and both are read as they were', (t) => {
  t.deepEqual([seedAt(7, 0), seedAt(7, 3)], [7, 10])
  t.deepEqual([seedAt('abc123', 0), seedAt('abc123', 3)], ['abc123+0', 'abc123+3'])
  t.deepEqual([seedAt('a+b+7', 0), seedAt('a+b+7', 3)], ['a+b+7', 'a+b+10'])
  for (const seed of [0, 12, 'abc123+0', '007', '1234567890123456', '-1']) t.is(parseSeed(String(seed)), seed)
})
