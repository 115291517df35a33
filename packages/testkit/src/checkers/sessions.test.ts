import test from 'ava'
import fc from 'fast-check'
import type { HistoryEvent } from './history.ts'
import { HistoryError } from './history-error.ts'
import type { SessionGuarantee } from './session-guarantee.ts'
import { sessions } from './sessions.ts'

const GUARANTEES = ['monotonic reads', 'read your writes', 'monotonic writes', 'writes follow reads'] as const

/** Each breaks the guarantee and no other. */
const broken: Record<SessionGuarantee, readonly HistoryEvent[]> = {
  'monotonic reads': [...add('a', 1), ...read('b', [1]), ...read('b', [])],
  'read your writes': [...add('a', 1), ...read('a', [])],
  'monotonic writes': [...add('a', 1), ...add('a', 2), ...read('b', [2])],
  'writes follow reads': [...add('a', 1), ...read('b', [1]), ...add('b', 2), ...read('c', [2])],
}

for (const guarantee of GUARANTEES) {
  test(`${guarantee}: a history that breaks it, and nothing else, is found out`, (t) => {
    const history = broken[guarantee]

    const result = sessions().check(history)
    t.is(result.verdict, 'illegal')
    if (result.verdict !== 'illegal') return
    t.true(result.message.startsWith(`${guarantee}: process `), result.message)
    t.deepEqual(result.conflict, history)
    t.is(sessions({ guarantees: [guarantee] }).check(history).verdict, 'illegal')
    t.is(sessions({ guarantees: GUARANTEES.filter((other) => other !== guarantee) }).check(history).verdict, 'ok')
  })
}

test('other sessions may be behind, keys are apart, and what was never acknowledged may be missing', (t) => {
  const judge = (...history: readonly HistoryEvent[]): string => sessions().check(history).verdict

  t.is(judge(...add('a', 1), ...read('b', []), ...read('a', [1]), ...read('b', [])), 'ok')
  t.is(judge(...add('a', 1, 'x'), ...read('a', [], 'y')), 'ok')
  t.is(judge(invoke('a', 'add', 1), end('a', 'info', 'add'), ...read('a', []), ...read('a', [1])), 'ok')
  t.is(judge(...read('b', []), invoke('b', 'read'), ...add('a', 1), end('b', 'ok', 'read', [1])), 'ok')
})

test('values must be unique, reads must answer lists, other operations are not known', (t) => {
  const refused = (...history: readonly HistoryEvent[]): string =>
    t.throws(() => sessions().check(history), { instanceOf: HistoryError }).message

  t.is(refused(...add('a', 1), ...add('b', 1)), '1 is written twice; each write needs a value of its own')
  t.is(refused(invoke('a', 'read'), end('a', 'ok', 'read', 3)), 'a read answers the list of all values written')
  t.is(refused(invoke('a', 'pop'), end('a', 'ok', 'pop')), 'sessions know add, write and read, not pop')
  t.throws(() => sessions({ guarantees: ['monotonic'] } as object), { code: 'INVALID_OPTION' })
})

test('agrees with the definitions taken word by word, on random histories', (t) => {
  const seen = { ok: 0, illegal: 0 }
  fc.assert(
    fc.property(fc.array(fc.nat(1 << 16), { minLength: 12, maxLength: 40, size: 'max' }), (draws) => {
      const history = random(draws)
      for (const guarantee of GUARANTEES) {
        const expected = holds[guarantee](history) ? 'ok' : 'illegal'
        seen[expected]++
        if (sessions({ guarantees: [guarantee] }).check(history).verdict !== expected) return false
      }
      return true
    }),
    { numRuns: 500 },
  )
  t.true(seen.ok > 100 && seen.illegal > 100, JSON.stringify(seen))
})

// The slow, obvious twin: histories of operations that do not overlap, as pairs of invoke and end.

interface Done {
  readonly process: unknown
  readonly write: number | null
  readonly read: readonly number[]
  readonly ok: boolean
}

const pairs = (history: readonly HistoryEvent[]): Done[] =>
  history.flatMap((event, at): Done[] => {
    if (event.type !== 'invoke') return []
    const ended = history[at + 1]!
    const { process, f, value } = event
    const read = f === 'read' && ended.type === 'ok' ? (ended.value as number[]) : []
    return [{ process, write: f === 'add' ? (value as number) : null, read, ok: ended.type === 'ok' }]
  })

const inSession = (all: readonly Done[], test: (earlier: Done, later: Done) => boolean): boolean =>
  all.every((later, at) =>
    all.slice(0, at).every((earlier) => earlier.process !== later.process || test(earlier, later)),
  )
const isRead = ({ write, ok }: Done): boolean => write === null && ok
const within = (some: readonly number[], all: readonly number[]): boolean => some.every((one) => all.includes(one))

const holds: Record<SessionGuarantee, (history: readonly HistoryEvent[]) => boolean> = {
  'monotonic reads': (history) =>
    inSession(pairs(history), (earlier, later) => !isRead(later) || within(earlier.read, later.read)),
  'read your writes': (history) =>
    inSession(
      pairs(history),
      ({ write, ok }, later) => !isRead(later) || write === null || !ok || later.read.includes(write),
    ),
  'monotonic writes': (history) =>
    inSession(pairs(history), (first, second) => {
      if (first.write === null || !first.ok || second.write === null) return true
      return pairs(history).every(({ read }) => !read.includes(second.write!) || read.includes(first.write!))
    }),
  'writes follow reads': (history) =>
    inSession(pairs(history), ({ read: basis }, { write }) => {
      if (write === null) return true
      return pairs(history).every(({ read }) => !read.includes(write) || within(basis, read))
    }),
}

/** Reads have nearly all of what was added so far. */
function random(draws: readonly number[]): HistoryEvent[] {
  const added: number[] = []
  return draws.slice(0, 12).flatMap((draw, at) => {
    const process = 'abc'[draw % 3]!
    if ((draw >> 2) % 2 === 0) {
      added.push(at)
      return [invoke(process, 'add', at), end(process, (draw >> 4) % 5 === 0 ? 'info' : 'ok', 'add')]
    }
    const read = added.filter((value) => ((draws[value] ?? 0) + (draw >> 4)) % 6 !== 0)
    return [invoke(process, 'read'), end(process, 'ok', 'read', read)]
  })
}

function add(process: string, value: number, key?: string): HistoryEvent[] {
  return [invoke(process, 'add', value, key), end(process, 'ok', 'add', undefined, key)]
}

function read(process: string, values: readonly number[], key?: string): HistoryEvent[] {
  return [invoke(process, 'read', undefined, key), end(process, 'ok', 'read', values, key)]
}

function invoke(process: string, f: string, value?: unknown, key?: string): HistoryEvent {
  return { process, type: 'invoke', f, value, ...(key === undefined ? {} : { key }) }
}

function end(process: string, type: 'ok' | 'info', f: string, value?: unknown, key?: string): HistoryEvent {
  return { process, type, f, value, ...(key === undefined ? {} : { key }) }
}
