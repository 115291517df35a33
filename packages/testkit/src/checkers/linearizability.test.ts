import test from 'ava'
import type { HistoryEvent } from './history.ts'
import { HistoryError } from './history-error.ts'
import { checkLinearizable, linearizable } from './linearizability.ts'
import type { Model } from './model.ts'
import { keyValueModel } from './models/key-value.ts'
import { registerModel } from './models/register.ts'

const verdictOf = (history: readonly HistoryEvent[]): string => checkLinearizable(history, registerModel()).verdict

test('a read may answer the old or the new value while a write is under way', (t) => {
  for (const answer of [null, 1]) {
    t.is(verdictOf([...call(1, 'write', 1), ...call(2, 'read'), ok(2, 'read', answer), ok(1, 'write')]), 'ok')
  }
})

test('a read of the old value after a read of the new one is illegal, and the conflict is those three', (t) => {
  const history = [
    ...call(4, 'write', 0),
    ok(4, 'write'),
    ...call(1, 'write', 1),
    ...call(2, 'read'),
    ok(2, 'read', 1),
    ...call(3, 'read'),
    ok(3, 'read', 0),
    ok(1, 'write'),
    ...call(5, 'read'),
    ok(5, 'read', 1),
  ].map((event) => ({ ...event, key: 'k' }))

  const result = checkLinearizable(history, registerModel())

  t.like(result, { verdict: 'illegal', key: 'k' })
  if (result.verdict !== 'illegal') return
  t.is(result.message, 'not a linearizable register: no order explains 4 of the 5 operations on key "k"')
  t.deepEqual(result.conflict, history.slice(0, 7))
})

test('a read after an acknowledged write must see it', (t) => {
  const wrote = [...call(1, 'write', 1), ok(1, 'write')]

  t.is(verdictOf([...wrote, ...call(2, 'read'), ok(2, 'read', 1)]), 'ok')
  t.is(verdictOf([...wrote, ...call(2, 'read'), ok(2, 'read', null)]), 'illegal')
})

test('a write of unknown outcome may show at any later time, or never', (t) => {
  const unknown: HistoryEvent[] = [...call(1, 'write', 1), { process: 1, type: 'info', f: 'write' }]
  const read = (answer: unknown): HistoryEvent[] => [...call(2, 'read'), ok(2, 'read', answer)]

  t.is(verdictOf([...unknown, ...read(null), ...read(1)]), 'ok')
  t.is(verdictOf([...unknown, ...read(null)]), 'ok')
  t.is(verdictOf([...unknown, ...read(1), ...read(null)]), 'illegal')
})

test('a write that failed is never seen, and a read that failed says nothing', (t) => {
  const failed: HistoryEvent[] = [...call(1, 'write', 1), { process: 1, type: 'fail', f: 'write' }]

  t.is(verdictOf([...failed, ...call(2, 'read'), ok(2, 'read', 1)]), 'illegal')
  t.is(verdictOf([...failed, ...call(2, 'read'), { process: 2, type: 'fail', f: 'read' }]), 'ok')
})

test('two cas of the same value cannot both succeed', (t) => {
  const history = [...call(1, 'cas', [null, 1]), ...call(2, 'cas', [null, 2]), ok(1, 'cas'), ok(2, 'cas')]

  t.is(verdictOf(history), 'illegal')
})

test('a cas that failed without an error says that the value was another; with an error, that it was not done', (t) => {
  const failed = (error?: string): HistoryEvent[] => [
    ...call(1, 'cas', [null, 1]),
    { process: 1, type: 'fail', f: 'cas', ...(error === undefined ? {} : { error }) },
  ]

  t.is(verdictOf(failed()), 'illegal')
  t.is(verdictOf(failed('not-sent')), 'ok')
  t.is(verdictOf([...call(2, 'write', 2), ...failed(), ok(2, 'write')]), 'ok')
})

test('keys are checked apart and in turns: a hard key does not hide the conflict of an easy one', (t) => {
  const easy = [...call(21, 'read'), ok(21, 'read', 'none')].map((event) => ({ ...event, key: 'easy' }))

  t.like(checkLinearizable([...hard(), ...easy], registerModel(), { maxSteps: 4_000 }), { key: 'easy' })
})

test('a search that grows too long or too large says unknown, and says of which keys', (t) => {
  const history = hard().map((event) => ({ ...event, key: 'crowd' }))

  t.deepEqual(checkLinearizable(history, registerModel(), { maxSteps: 2_000 }), {
    verdict: 'unknown',
    message: 'not decided after 2000 steps: key "crowd"',
  })
  t.deepEqual(checkLinearizable(history, registerModel(), { maxBytes: 4_096 }), {
    verdict: 'unknown',
    message: 'not decided within 4096 bytes of memory: key "crowd"',
  })
  t.is(checkLinearizable(history, registerModel()).verdict, 'illegal')
})

test('a hundred writes of unknown outcome are not tried in all combinations', (t) => {
  const lost = Array.from({ length: 100 }, (_, i): HistoryEvent[] => call(i, 'write', i)).flat()
  const read = (value: number): HistoryEvent[] => [...call('r', 'read'), ok('r', 'read', value)]

  t.is(
    checkLinearizable([...lost, ...read(7), ...read(8), ...read(7)], registerModel(), { maxSteps: 100_000 }).verdict,
    'illegal',
  )
  t.is(
    checkLinearizable([...lost, ...read(7), ...read(8), ...read(9)], registerModel(), { maxSteps: 100_000 }).verdict,
    'ok',
  )
})

test('what is no history, and what the model does not know, is an error that says where', (t) => {
  const thrown = (history: readonly HistoryEvent[]): string =>
    t.throws(() => verdictOf(history), { instanceOf: HistoryError, code: 'HISTORY_INVALID' }).message

  t.is(thrown([...call(1, 'read'), ...call(1, 'read')]), 'event 1: process 1 is busy since 0')
  t.is(thrown([ok(1, 'read')]), 'event 0: process 1 has invoked nothing')
  t.is(thrown([...call(1, 'read'), ok(1, 'write')]), 'event 1: process 1 ends write, but invoked read')
  t.is(thrown([...call(1, 'pop'), ok(1, 'pop')]), 'a register knows read, write and cas, not pop')
  t.throws(() => checkLinearizable([], registerModel(), { maxStep: 1 } as object), {
    message: /did you mean "maxSteps"/,
  })
})

test("a model may be of the user's own", (t) => {
  const flag: Model<boolean> = {
    name: 'flag',
    initial: false,
    step: (state, { f, output }) => (f === 'raise' ? { state: true } : output === state ? { state } : null),
    identify: String,
    isRead: (f) => f === 'look',
  }
  const look = (answer: boolean): HistoryEvent[] => [...call(2, 'look'), ok(2, 'look', answer)]
  const raised = [...call(1, 'raise'), ok(1, 'raise')]

  t.is(checkLinearizable([...look(false), ...raised, ...look(true)], flag).verdict, 'ok')
  t.is(checkLinearizable([...raised, ...look(false)], flag).verdict, 'illegal')
})

test('as a checker it has the name of its model', (t) => {
  const checker = linearizable(keyValueModel())

  t.is(checker.name, 'linearizable kv')
  t.is(checker.check([...call(1, 'get'), ok(1, 'get', '')]).verdict, 'ok')
})

/** Twelve writes at once and a read of something else: all orders of all subsets must be tried. */
function hard(): HistoryEvent[] {
  const crowd = Array.from({ length: 12 }, (_, i) => call(i, 'write', i)).flat()
  return [...crowd, ...call(20, 'read'), ok(20, 'read', 'none'), ...crowd.map((event) => ok(event.process, 'write'))]
}

function call(process: number | string, f: string, value?: unknown): HistoryEvent[] {
  return [{ process, type: 'invoke', f, value }]
}

function ok(process: number | string, f: string, value?: unknown): HistoryEvent {
  return { process, type: 'ok', f, value }
}
