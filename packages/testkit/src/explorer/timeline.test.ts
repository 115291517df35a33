import test from 'ava'
import { NO_COVERAGE } from '../simulation/coverage.ts'
import type { Run } from '../simulation/run.ts'
import { timeline } from './timeline.ts'

const run: Run = {
  scenario: 'toy',
  seed: '1',
  violations: [
    {
      kind: 'safety',
      name: 'lost-write',
      message: 'the write is gone\nsee above',
      atMs: 12_000,
      conflict: [{ process: 'c1', type: 'invoke', f: 'write', key: 'k', value: 4, at: 1_250.5 }],
    },
  ],
  history: [
    { process: 'c1', type: 'invoke', f: 'write', key: 'k', value: 4, at: 1_250.5 },
    { process: 'c1', type: 'ok', f: 'write', key: 'k', at: 1_260.1 },
    { process: 'c1', type: 'invoke', f: 'read', key: 'k', at: 1_300 },
    { process: 'c1', type: 'info', f: 'read', key: 'k', error: 'time is up', at: 2_300 },
    { process: 'c2', type: 'invoke', f: 'read', key: 'k', at: 9_000 },
  ],
  hash: '0123456789abcdef',
  checkpoints: [],
  events: 9,
  simulatedMs: 12_000,
  nemesis: [
    { atMs: 1_203, op: 'crash', node: 'n10' },
    { atMs: 1_900, op: 'pause', node: 'n2' },
    { atMs: 3_000, op: 'start', node: 'n10' },
    { atMs: 4_000, op: 'clock', node: 'n2', stepMs: -500 },
  ],
  messageFaults: [],
  nodes: ['n1', 'n2', 'n10'],
  trace: [],
  coverage: NO_COVERAGE,
  draws: { nodes: 3, clients: 2, durationMs: 12_000, operations: 3 },
}

test('a line for each event, a column for each node, with its state from then on', (t) => {
  t.deepEqual(timeline(run).split('\n'), [
    '         ms  n1 n2 n10',
    '    1,203.0   |  |   x  crash n10',
    '    1,250.5   |  |   x  ! c1 write k 4 .. ok 1,260.1',
    '    1,300.0   |  |   x  c1 read k .. info 2,300.0 (time is up)',
    '    1,900.0   |  =   x  pause n2',
    '    3,000.0   |  =   |  start n10',
    '    4,000.0   |  =   |  clock n2 -500 ms',
    '    9,000.0   |  =   |  c2 read k .. info 12,000.0',
    '   12,000.0   |  =   |  VIOLATION safety lost-write: the write is gone',
  ])
})

test('where there is no room, operations go before faults, early ones first, and what belongs to the conflict stays', (t) => {
  t.deepEqual(timeline(run, { maxLines: 5, width: 40 }).split('\n'), [
    '         ms  n1 n2 n10',
    '        ...             1 more',
    '    1,250.5   |  |   x  ! c1 write k ...',
    '        ...             1 more',
    '    1,900.0   |  =   x  pause n2',
    '    3,000.0   |  =   |  start n10',
    '    4,000.0   |  =   |  clock n2 -500 ms',
    '        ...             1 more',
    '   12,000.0   |  =   |  VIOLATION saf...',
  ])
})

test('options are checked at the door', (t) => {
  t.throws(() => timeline(run, { maxLines: 0 }), { code: 'INVALID_OPTION', message: /maxLines/ })
  t.throws(() => timeline(run, { lines: 5 } as object), { code: 'UNKNOWN_OPTION' })
})
