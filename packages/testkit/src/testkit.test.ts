import test from 'ava'
import { checkLinearizable, type HistoryEvent, manualRuntime, registerModel } from './index.ts'

const verdictOf = (history: readonly HistoryEvent[]): string => checkLinearizable(history, registerModel()).verdict

test('a read may answer the old or the new value while a write is under way', (t) => {
  for (const answer of [null, 1]) {
    t.is(verdictOf([...call(1, 'write', 1), ...call(2, 'read'), ok(2, 'read', answer), ok(1, 'write')]), 'linearizable')
  }
})

test('a read of the old value after a read of the new one is illegal, and the verdict names the key', (t) => {
  const history = [
    ...call(1, 'write', 1),
    ...call(2, 'read'),
    ok(2, 'read', 1),
    ...call(3, 'read'),
    ok(3, 'read', null),
    ok(1, 'write'),
  ].map((event) => ({ ...event, key: 'k' }))

  const result = checkLinearizable(history, registerModel())

  t.like(result, { verdict: 'illegal', key: 'k' })
})

test('a read after an acknowledged write must see it', (t) => {
  const wrote = [...call(1, 'write', 1), ok(1, 'write')]

  t.is(verdictOf([...wrote, ...call(2, 'read'), ok(2, 'read', 1)]), 'linearizable')
  t.is(verdictOf([...wrote, ...call(2, 'read'), ok(2, 'read', null)]), 'illegal')
})

test('a write of unknown outcome may show at any later time, or never', (t) => {
  const unknown: HistoryEvent[] = [...call(1, 'write', 1), { process: 1, type: 'info', f: 'write' }]
  const read = (answer: unknown): HistoryEvent[] => [...call(2, 'read'), ok(2, 'read', answer)]

  t.is(verdictOf([...unknown, ...read(null), ...read(1)]), 'linearizable')
  t.is(verdictOf([...unknown, ...read(null)]), 'linearizable')
  t.is(verdictOf([...unknown, ...read(1), ...read(null)]), 'illegal')
})

test('a write that failed is never seen', (t) => {
  const failed: HistoryEvent[] = [...call(1, 'write', 1), { process: 1, type: 'fail', f: 'write' }]

  t.is(verdictOf([...failed, ...call(2, 'read'), ok(2, 'read', 1)]), 'illegal')
})

test('two cas of the same value cannot both succeed', (t) => {
  const history = [...call(1, 'cas', [null, 1]), ...call(2, 'cas', [null, 2]), ok(1, 'cas'), ok(2, 'cas')]

  t.is(verdictOf(history), 'illegal')
})

test('keys are checked apart, and a search that grows too long says unknown', (t) => {
  const crowd = Array.from({ length: 12 }, (_, i) => call(i, 'write', i)).flat()
  const hard = [...crowd, ...call(20, 'read'), ok(20, 'read', 'none'), ...crowd.map((e) => ok(e.process, 'write'))]
  const easy = [...call(21, 'read'), ok(21, 'read', 'none')].map((event) => ({ ...event, key: 'easy' }))

  t.like(checkLinearizable([...hard, ...easy], registerModel(), { maxSteps: 4_000 }), { key: 'easy' })
  t.is(checkLinearizable(hard, registerModel(), { maxSteps: 2_000 }).verdict, 'unknown')
})

test('agrees with trying every order, on random histories of two keys', (t) => {
  let illegal = 0
  for (let seed = 1; seed <= 400; seed++) {
    const history = randomHistory(seed)
    const expected = everyOrder(history) ? 'linearizable' : 'illegal'
    if (expected === 'illegal') illegal++
    t.is(verdictOf(history), expected, `seed ${seed}`)
  }
  t.true(illegal > 50 && illegal < 350, `${illegal} of 400 illegal`)
})

function call(process: number, f: string, value?: unknown): HistoryEvent[] {
  return [{ process, type: 'invoke', f, value }]
}

function ok(process: number | string, f: string, value?: unknown): HistoryEvent {
  return { process, type: 'ok', f, value }
}

/** Three processes, nine operations, answers drawn freely: about half of them cannot be explained. */
function randomHistory(seed: number): HistoryEvent[] {
  const { random } = manualRuntime(seed)
  const busy = new Map<number, string>()
  const history: HistoryEvent[] = []
  for (let i = 0; i < 14; i++) {
    const process = random.below(3)
    const f = busy.get(process)
    if (f !== undefined) {
      busy.delete(process)
      const drawn = random.below(4)
      history.push(
        drawn === 0 && f === 'write'
          ? { process, type: 'info', f }
          : ok(process, f, f === 'read' ? [null, 1, 2][random.below(3)] : undefined),
      )
    } else {
      const next = random.below(2) === 0 ? 'read' : 'write'
      busy.set(process, next)
      history.push(...call(process, next, next === 'write' ? 1 + random.below(2) : undefined))
    }
  }
  return history
}

/** The slow, obvious twin: is any permutation of any choice of unknown writes an explanation? */
function everyOrder(history: readonly HistoryEvent[]): boolean {
  interface Op {
    readonly f: string
    readonly input: unknown
    readonly output: unknown
    readonly from: number
    readonly to: number
  }
  const ops: Op[] = []
  history.forEach((event, from) => {
    if (event.type !== 'invoke') return
    const to = history.findIndex((end, at) => at > from && end.process === event.process)
    const end = to === -1 || history[to]!.type === 'info' ? null : history[to]!
    if (end === null && event.f === 'read') return
    ops.push({ f: event.f, input: event.value, output: end?.value, from, to: end === null ? Infinity : to })
  })
  const extend = (left: readonly Op[], value: unknown): boolean => {
    if (left.every(({ to }) => to === Infinity)) return true
    return left.some((op) => {
      const others = left.filter((other) => other !== op)
      if (others.some(({ to }) => to < op.from)) return false
      if (op.f === 'read') return op.output === value && extend(others, value)
      return extend(others, op.input)
    })
  }
  return extend(ops, null)
}
