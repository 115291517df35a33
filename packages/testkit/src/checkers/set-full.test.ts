import test from 'ava'
import type { HistoryEvent } from './history.ts'
import { elementFates, setFull } from './set-full.ts'

test('an element that reads have and later lack is lost; the conflict is its add and the first such read', (t) => {
  const history = timed([...add(1), ...read([1]), ...add(2), ...read([2]), ...read([2])])

  const result = setFull().check(history)

  t.is(result.verdict, 'illegal')
  if (result.verdict !== 'illegal') return
  t.is(result.message, '1 is lost: a read that began after it was known to be there lacks it')
  t.deepEqual(result.conflict, [...history.slice(0, 2), ...history.slice(6, 8)])
})

test('an element that comes late is stable after some time, unless it must be linearizable', (t) => {
  const history = timed([...add(1), ...read([]), ...read([1])])

  t.is(setFull().check(history).verdict, 'ok')
  t.like(setFull({ linearizable: true }).check(history), {
    verdict: 'illegal',
    message: '1 was missing for a while: a read that began after it was known to be there lacks it',
  })
  t.deepEqual(elementFates(history), [
    { element: 1, fate: 'stable', knownAtMs: 10, stableAfterMs: 10, lostAfterMs: null },
  ])
})

test('an add of unknown outcome counts from the first read that has it, and may never come', (t) => {
  const unknown: HistoryEvent[] = [invoke('add', 1), { process: 1, type: 'info', f: 'add' }]
  const judge = (...reads: readonly HistoryEvent[]): string => setFull().check([...unknown, ...reads]).verdict

  t.is(judge(...read([]), ...read([1])), 'ok')
  t.is(judge(...read([1]), ...read([])), 'illegal')
  t.is(judge(...add(2), ...read([2])), 'ok')
})

test('a read that overlaps the add may lack it', (t) => {
  const overlapping: HistoryEvent[] = [
    { process: 2, type: 'invoke', f: 'read' },
    ...add(1),
    { process: 2, type: 'ok', f: 'read', value: [] },
  ]

  t.is(setFull({ linearizable: true }).check([...overlapping, ...read([1])]).verdict, 'ok')
  t.deepEqual(elementFates(timed([...overlapping])), [
    { element: 1, fate: 'never-read', knownAtMs: 20, stableAfterMs: null, lostAfterMs: null },
  ])
})

test('an element that nobody has tried to add, or not yet, comes out of thin air', (t) => {
  t.like(setFull().check([...add(1), ...read([1, 7])]), { message: '7 was read, and nobody has tried to add it' })
  t.is(setFull().check([...read([1]), ...add(1)]).verdict, 'illegal')
  const failed: HistoryEvent[] = [invoke('add', 1), { process: 1, type: 'fail', f: 'add' }]
  t.is(setFull().check([...failed, ...read([1])]).verdict, 'illegal')
})

test('when no element was read, nobody knows; a set that was never used is right', (t) => {
  t.deepEqual(setFull().check(add(1)), { verdict: 'unknown', message: 'no element was read, in 0 reads' })
  t.is(setFull().check([]).verdict, 'ok')
})

test('what became of each element comes with times', (t) => {
  const history = timed([...add(1), ...add(2), ...read([1, 2]), ...read([2]), ...read([2])])

  t.deepEqual(elementFates(history), [
    { element: 1, fate: 'lost', knownAtMs: 10, stableAfterMs: null, lostAfterMs: 50 },
    { element: 2, fate: 'stable', knownAtMs: 30, stableAfterMs: 0, lostAfterMs: null },
  ])
})

test('other operations, and reads that answer no list, are refused', (t) => {
  t.throws(() => setFull().check([invoke('pop'), { process: 1, type: 'ok', f: 'pop' }]), { code: 'HISTORY_INVALID' })
  t.throws(() => setFull().check([invoke('read'), { process: 1, type: 'ok', f: 'read', value: 1 }]), {
    message: 'a read of a set answers a list',
  })
})

/** One event every 10 ms, from 0. */
function timed(history: readonly HistoryEvent[]): HistoryEvent[] {
  return history.map((event, i) => ({ ...event, at: 10 * i }))
}

function add(value: number): HistoryEvent[] {
  return [invoke('add', value), { process: 1, type: 'ok', f: 'add' }]
}

function read(value: readonly number[]): HistoryEvent[] {
  return [invoke('read'), { process: 1, type: 'ok', f: 'read', value }]
}

function invoke(f: string, value?: unknown): HistoryEvent {
  return { process: 1, type: 'invoke', f, value }
}
