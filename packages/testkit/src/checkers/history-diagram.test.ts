import test from 'ava'
import type { HistoryEvent } from './history.ts'
import { historyDiagram } from './history-diagram.ts'

test('operations stand on an axis of time, one below the other', (t) => {
  const history: HistoryEvent[] = [
    { process: 1, type: 'invoke', f: 'write', value: 1 },
    { process: 1, type: 'ok', f: 'write', value: 1 },
    { process: 'c2', type: 'invoke', f: 'read' },
    { process: 3, type: 'invoke', f: 'write', value: 2 },
    { process: 'c2', type: 'ok', f: 'read', value: 1 },
    { process: 4, type: 'invoke', f: 'cas', value: [1, 2] },
    { process: 4, type: 'fail', f: 'cas', error: 'late' },
  ]

  t.is(
    historyDiagram(history),
    [
      'p1  write 1                 |--|',
      'c2  read -> 1                     |-----|',
      'p3  write 2 ?                        |----------...',
      'p4  cas [1,2] failed: late                 |--x',
      '',
    ].join('\n'),
  )
})

test('long histories and long values keep within the width', (t) => {
  const history = Array.from({ length: 200 }, (_, i): HistoryEvent[] => [
    { process: i, type: 'invoke', f: 'append', value: `${'x'.repeat(500)}${i}` },
    { process: i, type: 'ok', f: 'append' },
  ]).flat()

  const lines = historyDiagram(history, { width: 100 }).trimEnd().split('\n')

  t.is(lines.length, 200)
  t.true(lines.every(({ length }) => length <= 100))
  t.regex(lines[199]!, /199"/)
})

test('nothing draws nothing', (t) => {
  t.is(historyDiagram([]), '')
})
