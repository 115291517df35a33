import test from 'ava'
import fc from 'fast-check'
import { counterInterval } from './counters.ts'
import type { HistoryEvent } from './history.ts'
import { HistoryError } from './history-error.ts'

test('adds that ended count for certain, those under way or of unknown outcome may count', (t) => {
  const lost: HistoryEvent[] = [invoke('x', 'add', 10), { process: 'x', type: 'info', f: 'add' }]
  const judge = (answer: number): string =>
    counterInterval().check([...did('a', 'add', 1), ...lost, ...read(answer)]).verdict

  t.deepEqual([0, 1, 5, 11, 12].map(judge), ['illegal', 'ok', 'ok', 'ok', 'illegal'])
})

test('an add that failed never counts, and losses widen the range downwards', (t) => {
  const failed: HistoryEvent[] = [invoke('x', 'add', 5), { process: 'x', type: 'fail', f: 'add' }]
  const open = invoke('y', 'add', -3)

  const result = counterInterval({ initial: 7 }).check([...failed, open, ...read(3)])
  t.like(result, { verdict: 'illegal', message: 'a read answered 3; possible is from 4 to 7' })
  t.is(counterInterval({ initial: 7 }).check([...failed, open, ...read(4)]).verdict, 'ok')
})

test('of a counter that converges only the last reads are judged', (t) => {
  const history = [...did('a', 'add', 1), ...read(0), ...did('a', 'add', 1), ...read(2)]

  t.like(counterInterval().check(history), { message: 'a read answered 0; possible is 1' })
  t.is(counterInterval({ reads: 'last' }).check(history).verdict, 'ok')
  t.is(counterInterval({ reads: 'last' }).check([...history, ...read(1)]).verdict, 'illegal')
})

test('keys count apart; other operations and other numbers are refused', (t) => {
  const keyed = did('a', 'add', 1).map((event) => ({ ...event, key: 'k' }))

  t.is(counterInterval().check([...keyed, ...read(0)]).verdict, 'ok')
  t.throws(() => counterInterval().check(did('a', 'pop')), { instanceOf: HistoryError })
  t.throws(() => counterInterval().check(did('a', 'add', 1.5)), { instanceOf: HistoryError })
  t.throws(() => counterInterval({ reads: 'final' } as object), { code: 'INVALID_OPTION' })
})

test('agrees with adding up for every read', (t) => {
  const seen = { ok: 0, illegal: 0 }
  fc.assert(
    fc.property(fc.array(fc.nat(1 << 16), { minLength: 10, maxLength: 40 }), (draws) => {
      const history = random(draws)
      const expected = history.every((event, at) => event.f !== 'read' || event.type !== 'ok' || possible(history, at))
        ? 'ok'
        : 'illegal'
      seen[expected]++
      return counterInterval().check(history).verdict === expected
    }),
    { numRuns: 500 },
  )
  t.true(seen.ok > 50 && seen.illegal > 50, JSON.stringify(seen))
})

/** The slow, obvious twin. */
function possible(history: readonly HistoryEvent[], end: number): boolean {
  const { process, value } = history[end]!
  const begin = history.findLastIndex((event, at) => at < end && event.process === process)
  let [low, high] = [0, 0]
  history.slice(0, end).forEach((event, at) => {
    if (event.type !== 'invoke' || event.f !== 'add') return
    const ended = history.findIndex((other, later) => later > at && other.process === event.process)
    const type = ended === -1 ? 'info' : history[ended]!.type
    const delta = Number(event.value)
    const certain = type === 'ok' && ended < begin
    if (type === 'fail') return
    low += certain ? delta : Math.min(0, delta)
    high += certain ? delta : Math.max(0, delta)
  })
  return Number(value) >= low && Number(value) <= high
}

function random(draws: readonly number[]): HistoryEvent[] {
  const busy = new Map<number, string>()
  let sum = 0
  return draws.map((draw): HistoryEvent => {
    const process = draw % 3
    const f = busy.get(process)
    if (f !== undefined) {
      busy.delete(process)
      if (f === 'read') return { process, type: 'ok', f, value: sum + ((((draw >> 3) % 5) - 2) >> 1) }
      return { process, type: (['ok', 'ok', 'info', 'fail'] as const)[(draw >> 3) % 4]!, f }
    }
    const next = (draw >> 3) % 3 === 0 ? 'read' : 'add'
    busy.set(process, next)
    const delta = ((draw >> 5) % 4) - 1
    if (next === 'add') sum += delta
    return invoke(process, next, next === 'add' ? delta : undefined)
  })
}

function did(process: string, f: string, value?: unknown): HistoryEvent[] {
  return [invoke(process, f, value), { process, type: 'ok', f }]
}

function read(value: number): HistoryEvent[] {
  return [invoke('r', 'read'), { process: 'r', type: 'ok', f: 'read', value }]
}

function invoke(process: string | number, f: string, value?: unknown): HistoryEvent {
  return { process, type: 'invoke', f, value }
}
