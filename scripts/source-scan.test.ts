import test from 'ava'
import { scan } from './source-scan.ts'

test('comments and the insides of strings are no code, and lines stay where they were', (t) => {
  const source = scan('a.ts', `const a = 'Date.now()' // Date.now()\n/* Date\n.now() */ const b = 1\nDate.now()\n`)

  t.is(source.code.match(/Date/g)?.length, 1)
  t.is(source.code.split('\n')[3], 'Date.now()')
  t.deepEqual(
    source.comments.map(({ line }) => line),
    [1, 2],
  )
})

test('code inside a template stays code, text around it does not', (t) => {
  const { code } = scan('a.ts', 'const a = `setTimeout ${f({ b: `x ${Date.now()} y` })} performance.` + after')

  t.regex(code, /Date\.now/)
  t.regex(code, /\+ after$/)
  t.notRegex(code, /setTimeout|performance/)
})

test('an escaped quote does not end a string', (t) => {
  t.notRegex(scan('a.ts', String.raw`const a = 'it\'s Date.now()'`).code, /Date/)
})

test('a regular expression may hold quotes and slashes, a division does not start one', (t) => {
  t.regex(scan('a.ts', `const a = /['"/*]\\//.test(b) && Date.now()`).code, /Date/)
  t.regex(scan('a.ts', `return /'/.exec(a) ?? Date.now()`).code, /Date/)
  t.regex(scan('a.ts', `const a = (b) / 2 + Date.now() / 3`).code, /Date/)
})

test('every form of import is found, with its line', (t) => {
  const { imports } = scan(
    'a.ts',
    `import a from './a.ts'
import type { B } from "./b.ts"
import {
  c,
} from './c.ts'
import './d.ts'
export { e } from './e.ts'
export * from './f.ts'
const g = await import('./g.ts')
type H = import('./h.ts').H
const no = Array.from('./x.ts')
// import y from './y.ts'
const text = "import z from './z.ts'"
`,
  )

  t.deepEqual(
    imports.map(({ specifier, line }) => `${specifier}:${line}`),
    ['./a.ts:1', './b.ts:2', './c.ts:5', './d.ts:6', './e.ts:7', './f.ts:8', './g.ts:9', './h.ts:10'],
  )
})
