import test from 'ava'
import { convergence } from './convergence.ts'
import type { HistoryEvent } from './history.ts'

const judge = (...history: readonly HistoryEvent[]) => convergence().check(history)

test('replicas that hold different contents have diverged; the message names the keys', (t) => {
  const result = judge(...write('a', 1), ...contents('n1', { a: 1 }), ...contents('n2', {}))

  t.like(result, { verdict: 'illegal', message: 'contents differ between what n1 and n2 were told: at a' })
  t.is(judge(...contents('n1', 'f00d'), ...contents('n2', 'f00e')).verdict, 'illegal')
  t.is(judge(...contents('n1', 'f00d'), ...contents('n2', 'f00d')).verdict, 'ok')
})

test('equal contents are equal in whatever form they come', (t) => {
  const forms = [
    { a: 1, b: 2 },
    new Map([
      ['b', 2],
      ['a', 1],
    ]),
    [
      ['a', 1],
      ['b', 2],
    ],
  ]

  t.is(judge(...write('a', 1), ...write('b', 2), ...forms.flatMap((form) => contents('n', form))).verdict, 'ok')
})

test('an acknowledged write may not be lost, to an older one or to nothing', (t) => {
  t.like(judge(...write('a', 1), ...write('a', 2), ...contents('n1', { a: 1 })), {
    message: '"a" holds 1: an acknowledged write of 2 is lost',
  })
  const history = [...write('a', 1), ...contents('n1', {})]
  t.deepEqual(judge(...history), {
    verdict: 'illegal',
    message: '"a" is absent: an acknowledged write of 1 is lost',
    key: 'a',
    conflict: history,
  })
})

test('of writes that overlap any may stay, and one of unknown outcome may come at any time', (t) => {
  const overlap: HistoryEvent[] = [event('x', 'invoke', 'write', 1), ...write('a', 2), event('x', 'ok', 'write')]
  const unknown: HistoryEvent[] = [event('x', 'invoke', 'write', 1), event('x', 'info', 'write'), ...write('a', 2)]

  for (const value of [1, 2]) {
    t.is(judge(...overlap, ...contents('n', { a: value })).verdict, 'ok')
    t.is(judge(...unknown, ...contents('n', { a: value })).verdict, 'ok')
  }
  t.is(judge(...overlap, ...contents('n', {})).verdict, 'illegal')
})

test('a deleted key stays away', (t) => {
  const deleted = [...write('a', 1), ...remove('a')]

  t.is(judge(...deleted, ...contents('n', {})).verdict, 'ok')
  t.like(judge(...deleted, ...contents('n', { a: 1 })), { message: '"a" holds 1 again, which was deleted' })
  t.is(judge(...deleted, ...write('a', 2), ...contents('n', { a: 2 })).verdict, 'ok')
  t.is(judge(...deleted, ...write('a', 2), ...contents('n', {})).verdict, 'illegal')
})

test('nothing comes out of thin air', (t) => {
  t.like(judge(...contents('n', { b: 5 })), { message: '"b" holds 5, which nobody has written' })
})

test('what a strategy may lose by its own words may be lost, but not come out of thin air', (t) => {
  const checker = convergence({ mayLose: ({ input }) => input === 2 })

  t.is(checker.check([...write('a', 1), ...write('a', 2), ...contents('n', { a: 1 })]).verdict, 'ok')
  t.is(checker.check([...write('a', 1), ...write('a', 2), ...contents('n', { a: 3 })]).verdict, 'illegal')
})

test('contents asked for while writes go on say nothing', (t) => {
  t.deepEqual(judge(...contents('n', {}), ...write('a', 1)), {
    verdict: 'unknown',
    message: 'nobody asked for contents after the last write',
  })
  t.is(judge(...contents('n', {}), ...write('a', 1), ...contents('n', { a: 1 })).verdict, 'ok')
})

test('what is no contents, and other operations, are refused', (t) => {
  t.throws(() => judge(...contents('n', 3)), { code: 'HISTORY_INVALID' })
  t.throws(() => judge(...contents('n', [3])), { code: 'HISTORY_INVALID' })
  t.throws(() => judge(event('n', 'invoke', 'pop'), event('n', 'ok', 'pop')), { code: 'HISTORY_INVALID' })
})

function write(key: string, value: number): HistoryEvent[] {
  return [event('w', 'invoke', 'write', value, key), event('w', 'ok', 'write', undefined, key)]
}

function remove(key: string): HistoryEvent[] {
  return [event('w', 'invoke', 'delete', undefined, key), event('w', 'ok', 'delete', undefined, key)]
}

function contents(process: string, value: unknown): HistoryEvent[] {
  return [
    { process, type: 'invoke', f: 'contents' },
    { process, type: 'ok', f: 'contents', value },
  ]
}

function event(process: string, type: HistoryEvent['type'], f: string, value?: unknown, key = 'a'): HistoryEvent {
  return { process, type, f, value, key }
}
