import test from 'ava'
import { canonical } from './canonical.ts'
import { HistoryError } from './history-error.ts'

test('equal contents have equal texts, whatever the order of keys', (t) => {
  t.is(canonical({ a: 1, b: [2, { c: null, d: undefined }] }), canonical({ b: [2, { c: null }], a: 1 }))
  t.is(
    canonical(
      new Map([
        ['b', 1],
        ['a', 2],
      ]),
    ),
    canonical(
      new Map([
        ['a', 2],
        ['b', 1],
      ]),
    ),
  )
  t.is(canonical(new Set([2, 1])), canonical(new Set([1, 2])))
  t.is(canonical(-0), canonical(0))
})

test('different contents have different texts', (t) => {
  const values = [
    ...[undefined, null, true, 0, 1, 1n, Number.NaN, '', '1', 'null', 'undefined', '[]', [], {}, [[]], [null], ['']],
    ...[new Map(), new Set(), new Uint8Array(), new Uint8Array([1]), [1], { a: 1 }, { a: '1' }, { 'a:1': '' }, ['a:1']],
    ...[new Date(0), new Date(1), new Error('a'), new Error('b'), new TypeError('a')],
    ...[new Map([['a', 1]]), new Set(['a']), [['a', 1]], 'a,b', ['a', 'b'], ['a,b']],
  ]

  t.is(new Set(values.map(canonical)).size, values.length)
})

test('what is nested too deep, or part of itself, is refused with a reason', (t) => {
  const self: unknown[] = []
  self.push(self)
  const deep = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000))

  for (const value of [self, deep]) {
    t.throws(() => canonical(value), { instanceOf: HistoryError, message: /nested deeper than 500, or part of itself/ })
  }
})
