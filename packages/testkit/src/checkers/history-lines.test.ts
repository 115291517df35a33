import test from 'ava'
import fc from 'fast-check'
import { type HistoryEvent, operations } from './history.ts'
import { HistoryError } from './history-error.ts'
import { readHistory, writeHistory } from './history-lines.ts'

test('a line holds one event in the shape of Jepsen', (t) => {
  const text = `
{"i": 0, "t": 1.5, "process": 3, "type": "invoke", "f": "write", "key": 7, "value": [1, 2], "extra": true}

{"i": 5, "t": 2, "process": 3, "type": "info", "f": "write", "key": 7, "value": [1, 2], "error": "timeout"}
`
  t.deepEqual(readHistory(text), [
    { process: 3, type: 'invoke', f: 'write', key: '7', value: [1, 2], at: 1.5 },
    { process: 3, type: 'info', f: 'write', key: '7', value: [1, 2], error: 'timeout', at: 2 },
  ])
})

const invoke = '{"process": 1, "type": "invoke", "f": "read"}'
const ok = '{"process": 1, "type": "ok", "f": "read", "value": 1}'
const info = '{"process": 1, "type": "info", "f": "read"}'
const wrong: readonly (readonly [lines: readonly string[], message: RegExp])[] = [
  [[invoke, 'oops'], /^line 2: no JSON: /],
  [['[1]'], /^line 1: not an object$/],
  [['{"type": "ok", "f": "read"}'], /^line 1: "process" is missing$/],
  [['{"process": {}, "type": "ok", "f": "read"}'], /^line 1: "process" is \{\}, which is not a number or a text$/],
  [['{"process": 1, "type": "done", "f": "read"}'], /^line 1: "type" is "done", which is not invoke, ok, fail, info$/],
  [['{"process": 1, "type": "ok", "f": 3}'], /^line 1: "f" is 3, which is not a text$/],
  [['{"i": 1.5, "process": 1, "type": "invoke", "f": "r"}'], /^line 1: "i" is 1.5, which is not an integer$/],
  [['{"t": "1", "process": 1, "type": "invoke", "f": "r"}'], /^line 1: "t" is "1", which is not a number of ms$/],
  [[invoke, '', invoke], /^line 3: process 1 invokes while it is busy since line 1$/],
  [[ok], /^line 1: process 1 has invoked nothing$/],
  [[invoke, ok, ok], /^line 3: process 1 has invoked nothing$/],
  [[invoke, ok.replace('read', 'write')], /^line 2: process 1 ends write, but invoked read in line 1$/],
  [[invoke, info, invoke], /^line 3: process 1 has ended with the info of line 2$/],
  [[invoke.replace('{', '{"i": 4, '), ok], /^line 2: either all lines have "i", or none$/],
  [[invoke.replace('{', '{"i": 4, '), ok.replace('{', '{"i": 4, ')], /^line 2: "i" is 4 after 4$/],
]
for (const [lines, message] of wrong) {
  test(`what is wrong is said with the line: ${message.source}`, (t) => {
    t.throws(() => readHistory(lines.join('\n')), { instanceOf: HistoryError, code: 'HISTORY_INVALID', message })
  })
}

test('lines of the nemesis are no operations', (t) => {
  const nemesis = '{"process": "nemesis", "type": "info", "f": "partition"}'

  t.is(readHistory([invoke, nemesis, nemesis, ok].join('\n')).length, 2)
})

test('what nodes have noted is written and read as it is, and is no operation', (t) => {
  const note = { process: 'n1:notes', type: 'info', f: 'seen', value: 1, at: 2 } as const
  const history: HistoryEvent[] = [
    note,
    { process: 'c1', type: 'invoke', f: 'read', at: 3 },
    note,
    { process: 'c1', type: 'ok', f: 'read', value: 1, at: 4 },
  ]

  t.deepEqual(readHistory(writeHistory(history)), history)
  t.is(operations(history).length, 1)
})

test('lines without a number are ordered by time, and what is equal in time is concurrent', (t) => {
  const line = (t: number, process: string, type: string): string =>
    JSON.stringify({ t, process, type, f: 'read', value: 1 })
  const text = [line(2, 'b', 'invoke'), line(3, 'b', 'ok'), line(1, 'a', 'invoke'), line(2, 'a', 'ok')]

  const order = readHistory(text.join('\n')).map(({ process, type }) => `${process} ${type}`)

  t.deepEqual(order, ['a invoke', 'b invoke', 'a ok', 'b ok'])
})

test('in one instant a process still ends before it begins anew', (t) => {
  const line = (process: string, type: string): string => JSON.stringify({ t: 1, process, type, f: 'read' })
  const text = [line('a', 'invoke'), line('a', 'ok'), line('b', 'invoke'), line('b', 'ok'), line('a', 'invoke')]

  const order = readHistory(text.join('\n')).map(({ process, type }) => `${process} ${type}`)

  t.deepEqual(order, ['a invoke', 'b invoke', 'a ok', 'a invoke', 'b ok'])
})

test('what is written is read again as it was', (t) => {
  const value = fc.oneof(fc.jsonValue(), fc.string()).filter((json) => json !== null && !Object.is(json, -0))
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), value, fc.constantFrom('ok', 'fail'))), (draws) => {
      const history = draws.flatMap(([process, value, type], at): HistoryEvent[] => [
        { process, type: 'invoke', f: 'write', key: `k${at}`, value, at },
        { process, type: type as 'ok', f: 'write', ...(type === 'fail' ? { error: 'no' } : {}), at },
      ])
      // By their JSON: a -0 deep inside, or a member called __proto__, comes back as another value that prints alike.
      return JSON.stringify(readHistory(writeHistory(history))) === JSON.stringify(history)
    }),
  )
  t.pass()
})

test('a process that goes on after an info is written as another, sets and maps as lists', (t) => {
  const call = (type: 'invoke' | 'info' | 'ok'): HistoryEvent => ({ process: 'c1', type, f: 'read' })
  const value = new Map([['a', new Set([1])]])

  const written = writeHistory([call('invoke'), call('info'), call('invoke'), { ...call('ok'), value }])

  t.deepEqual(
    readHistory(written).map(({ process, type }) => `${process} ${type}`),
    ['c1 invoke', 'c1 info', 'c1/2 invoke', 'c1/2 ok'],
  )
  t.deepEqual(readHistory(written)[3]!.value, [['a', [1]]])
  t.throws(() => writeHistory([{ ...call('invoke'), value: 1n }]), {
    message: 'event 0: its value cannot be written as JSON',
  })
})
