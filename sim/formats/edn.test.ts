import test from 'ava'
import { readEdn } from './edn.ts'

test('values of EDN become values of JavaScript', (t) => {
  t.deepEqual(readEdn('{:process 0, :f :read, "a" nil} [1 -2.5 3N] (true false) "x \\"y\\" z" word'), [
    { process: 0, f: 'read', a: null },
    [1, -2.5, 3],
    [true, false],
    'x "y" z',
    'word',
  ])
  t.deepEqual(readEdn(' , '), [])
})

test('what is not closed, or closes nothing, is an error with its column', (t) => {
  for (const text of ['[1', '{:a', '{:a 1 :b}', ']', '"a']) {
    t.throws(() => readEdn(text), { instanceOf: SyntaxError, message: /^column \d+: / }, text)
  }
})
