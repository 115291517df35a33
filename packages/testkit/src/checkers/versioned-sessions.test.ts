import test from 'ava'
import type { HistoryEvent } from './history.ts'
import { versionedSessions } from './versioned-sessions.ts'

const cases = [
  ['monotonic reads', [...did('b', 'read', 2), ...did('b', 'read', 1)]],
  ['read your writes', [...did('a', 'write', 2), ...did('a', 'read', 1)]],
  ['monotonic writes', [...did('a', 'write', 2), ...did('a', 'write', 1)]],
  ['writes follow reads', [...did('b', 'read', 2), ...did('b', 'write', 1)]],
] as const

for (const [guarantee, history] of cases) {
  test(`${guarantee}: versions that go backwards are found out, and by this guarantee alone`, (t) => {
    const result = versionedSessions().check(history)

    t.is(result.verdict, 'illegal')
    if (result.verdict !== 'illegal') return
    t.regex(
      result.message,
      new RegExp(`^${guarantee}: process . has (read|written) version 2, and later .* version 1$`),
    )
    t.deepEqual(result.conflict, history)
    const others = cases.map(([name]) => name).filter((name) => name !== guarantee)
    t.is(versionedSessions({ guarantees: others }).check(history).verdict, 'ok')
  })
}

test('sessions and keys are apart, equal versions may be read again, but not written', (t) => {
  const judge = (...history: readonly HistoryEvent[]): string => versionedSessions().check(history).verdict

  t.is(judge(...did('a', 'read', 2), ...did('b', 'read', 1), ...did('b', 'write', 3)), 'ok')
  t.is(judge(...did('a', 'read', 2, 'x'), ...did('a', 'read', 1, 'y')), 'ok')
  t.is(judge(...did('a', 'write', 2), ...did('a', 'read', 2), ...did('a', 'read', 2)), 'ok')
  t.is(judge(...did('a', 'write', 2), ...did('a', 'write', 2)), 'illegal')
})

test('where versions are, the user says; answers without one say nothing', (t) => {
  const pair = versionedSessions({ version: (output) => (Array.isArray(output) ? Number(output[1]) : null) })
  const read = (value: unknown): HistoryEvent[] => [
    { process: 1, type: 'invoke', f: 'read' },
    { process: 1, type: 'ok', f: 'read', value },
  ]

  t.is(pair.check([...read(['x', 2]), ...read(null), ...read(['x', 1])]).verdict, 'illegal')
  t.is(versionedSessions().check([...read(['x', 2]), ...read(['x', 1])]).verdict, 'ok')
  t.throws(() => pair.check(read(['x', 'y'])), { message: 'a version is a number' })
})

function did(process: string, f: string, version: number, key?: string): HistoryEvent[] {
  const at = key === undefined ? {} : { key }
  return [
    { process, type: 'invoke', f, ...at },
    { process, type: 'ok', f, value: { version }, ...at },
  ]
}
