import test from 'ava'
import type { HistoryEvent } from '../history.ts'
import { HistoryError } from '../history-error.ts'
import { checkLinearizable } from '../linearizability.ts'
import type { Model } from '../model.ts'
import { counterModel } from './counter.ts'
import { keyValueModel } from './key-value.ts'
import { lockModel } from './lock.ts'
import { queueModel } from './queue.ts'
import { registerModel } from './register.ts'
import { setModel } from './set.ts'

test('a register may begin with a value, and compares by content', (t) => {
  t.is(judge(registerModel({ a: 1, b: 2 }), ['r', 'read', null, { b: 2, a: 1 }]), 'ok')
  t.is(judge(registerModel(), ['r', 'read', null, undefined]), 'ok')
})

test('a cas that answers false did not match', (t) => {
  t.is(judge(registerModel(1), ['c', 'cas', [2, 3], false], ['r', 'read', null, 1]), 'ok')
  t.is(judge(registerModel(1), ['c', 'cas', [1, 3], false]), 'illegal')
})

test('a missing key reads as the empty text', (t) => {
  for (const answer of ['', null, undefined]) t.is(judge(keyValueModel(), ['g', 'get', null, answer]), 'ok')
  t.is(judge(keyValueModel(), ['p', 'append', 'a', null], ['p', 'append', 'b', null], ['g', 'get', null, 'ab']), 'ok')
})

test('a queue gives back the oldest first, and null when it is empty', (t) => {
  const both = [
    ['p', 'enqueue', 1, null],
    ['p', 'enqueue', 2, null],
  ] as const

  t.is(
    judge(queueModel(), ...both, ['c', 'dequeue', null, 1], ['c', 'dequeue', null, 2], ['c', 'dequeue', null, null]),
    'ok',
  )
  t.is(judge(queueModel(), ...both, ['c', 'dequeue', null, 2]), 'illegal')
  t.is(judge(queueModel(), ...both, ['c', 'dequeue', null, null]), 'illegal')
})

test('a lock has one owner, who is named by the value or else by the process', (t) => {
  t.is(judge(lockModel(), ['a', 'acquire', null, null], ['b', 'acquire', null, null]), 'illegal')
  t.is(
    judge(lockModel(), ['a', 'acquire', null, null], ['b', 'acquire', null, false], ['a', 'release', null, null]),
    'ok',
  )
  t.is(judge(lockModel(), ['a', 'acquire', null, null], ['b', 'release', null, null]), 'illegal')
  t.is(judge(lockModel(), ['a', 'acquire', 'x', null], ['b', 'release', 'x', null]), 'ok')
})

test('with fencing each acquire has a larger number than those before', (t) => {
  const twice = (first: number, second: number) =>
    [
      ['a', 'acquire', null, first],
      ['a', 'release', null, null],
      ['b', 'acquire', null, second],
    ] as const

  t.is(judge(lockModel({ fencing: true }), ...twice(1, 2)), 'ok')
  t.is(judge(lockModel({ fencing: true }), ...twice(2, 2)), 'illegal')
  t.is(judge(lockModel(), ...twice(2, 1)), 'ok')
  t.throws(() => judge(lockModel({ fencing: true }), ['a', 'acquire', null, null]), { instanceOf: HistoryError })
})

test('a counter adds up, by one without a number; a set holds each element once', (t) => {
  t.is(judge(counterModel(5), ['a', 'add', null, null], ['a', 'add', -3, null], ['r', 'read', null, 3]), 'ok')
  t.is(judge(setModel(), ['a', 'add', 1, null], ['a', 'add', 1, null], ['r', 'read', null, [1]]), 'ok')
  t.is(judge(setModel(), ['a', 'add', 1, null], ['a', 'remove', 1, null], ['r', 'contains', 1, true]), 'illegal')
})

test('what a model does not know, or cannot take, is an error that says what it knows', (t) => {
  for (const model of [registerModel(), keyValueModel(), queueModel(), lockModel(), counterModel(), setModel()]) {
    t.throws(() => judge(model as Model<unknown>, ['p', 'jump', null, null]), {
      instanceOf: HistoryError,
      message: /knows? .* and .*, not jump$/,
    })
  }
  t.throws(() => judge(registerModel(), ['p', 'cas', 3, null]), { message: 'the value of a cas is [from, to]' })
  t.throws(() => judge(keyValueModel(), ['p', 'put', 3, null]), { message: 'put and append take a text, not number' })
  t.throws(() => judge(counterModel(), ['p', 'add', 0.5, null]), { message: 'add takes an integer' })
  t.throws(() => judge(setModel(), ['p', 'read', null, 3]), { message: 'a read of a set answers a list' })
})

/** Operations one after the other: process, f, input, output. */
function judge<S>(model: Model<S>, ...all: readonly (readonly [string, string, unknown, unknown])[]): string {
  const history = all.flatMap(([process, f, input, output]): HistoryEvent[] => [
    { process, type: 'invoke', f, ...(input === null ? {} : { value: input }) },
    { process, type: 'ok', f, value: output },
  ])
  return checkLinearizable(history, model).verdict
}
