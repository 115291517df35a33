import type { HistoryEvent } from '@troupe/testkit'
import test from 'ava'
import { parseHistory, recognize } from './history-file.ts'

const LOG = `Running a test
INFO  jepsen.util - 0\t:invoke\t:write\t3
INFO  jepsen.util - 1    :invoke   :cas    [3 4]
INFO  jepsen.util - 0\t:ok\t:write\t3
INFO  jepsen.util - 1\t:info\t:cas\t:timed-out
INFO  jepsen.core - something else
INFO  jepsen.util - 0\t:invoke\t:read\tnil
INFO  jepsen.util - 0\t:fail\t:read\t:timed-out
`
const EDN = `{:process 0, :type :invoke, :f :append, :key "a", :value "x y"}
{:process 0, :type :ok, :f :append, :key "a", :value "x y"}
`

test('a log of Jepsen is read, and what is none of its events is passed over', (t) => {
  t.is(recognize(LOG), 'jepsen-log')
  t.deepEqual(parseHistory(LOG, 'jepsen-log'), [
    { process: '0', type: 'invoke', f: 'write', value: 3 },
    { process: '1', type: 'invoke', f: 'cas', value: [3, 4] },
    { process: '0', type: 'ok', f: 'write', value: 3 },
    { process: '1', type: 'info', f: 'cas', error: 'timed-out' },
    { process: '0', type: 'invoke', f: 'read', value: null },
    { process: '0', type: 'fail', f: 'read', error: 'timed-out' },
  ] as HistoryEvent[])
})

test('EDN is read line by line', (t) => {
  t.is(recognize(EDN), 'edn')
  t.deepEqual(parseHistory(EDN, 'edn'), [
    { process: 0, type: 'invoke', f: 'append', key: 'a', value: 'x y' },
    { process: 0, type: 'ok', f: 'append', key: 'a', value: 'x y' },
  ] as HistoryEvent[])
})

test('JSON lines are recognized, other texts are not', (t) => {
  t.is(recognize('\n{"process": 1}'), 'jsonl')
  t.is(recognize(''), 'jsonl')
  t.is(recognize('process,type'), null)
})

test('errors name the line of the file, whatever its format', (t) => {
  t.throws(() => parseHistory(`${EDN}${EDN.split('\n')[1]}`, 'edn'), {
    message: /^line 3: process 0 has invoked nothing/,
  })
  t.throws(() => parseHistory(`${EDN}{:a`, 'edn'), { message: /^line 3: no EDN: column/ })
  t.throws(() => parseHistory(LOG.replace(':ok', ':invoke'), 'jepsen-log'), { message: /^line 4: process 0 invokes/ })
})
