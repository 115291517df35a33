import test from 'ava'
import { catalogue } from './catalogue.ts'
import type { Mutant } from './mutant.ts'
import { groupByFile, PlantError, planted, readSource } from './plant.ts'
import { scenarioNamed } from './scenarios.ts'

const mutant: Mutant = {
  name: 'off-by-one',
  file: 'a.ts',
  find: 'size >= most',
  replace: 'size > most',
  form: 'expression',
  scenario: 'any',
  why: '',
}

test('an expression is replaced behind a switch, and stays what it is while that is off', (t) => {
  t.is(
    planted('if (size >= most) return', [mutant]),
    'if ((globalThis.troupePlanted === "off-by-one" ? (size > most) : (size >= most))) return',
  )
})

test('a statement is replaced behind a switch', (t) => {
  const forgotten: Mutant = { ...mutant, name: 'forgotten', find: 'clear()', replace: '', form: 'statement' }

  t.is(planted('clear()', [forgotten]), 'if (globalThis.troupePlanted === "forgotten") { \n } else { clear()\n }')
})

test('a text to replace that is missing, there twice, or overlaps with another is refused', (t) => {
  t.throws(() => planted('', [mutant]), { instanceOf: PlantError, message: /does not contain/ })
  t.throws(() => planted('size >= most, size >= most', [mutant]), { instanceOf: PlantError, message: /twice/ })
  const other: Mutant = { ...mutant, name: 'other', find: 'most)' }
  t.throws(() => planted('if (size >= most) return', [mutant, other]), { instanceOf: PlantError, message: /overlaps/ })
})

test('an expression that begins a line is refused: it would be taken for arguments of the line before', (t) => {
  const first = { ...mutant, find: 'size >= most' }
  t.throws(() => planted('call\n  size >= most', [first]), { instanceOf: PlantError, message: /begin a line/ })
})

test('every mutant has a name of its own, a scenario that exists, and exactly one place in its file', (t) => {
  t.is(new Set(catalogue.map(({ name }) => name)).size, catalogue.length)
  for (const { name, scenario } of catalogue) t.truthy(scenarioNamed(scenario), `${name}: there is no ${scenario}`)
  for (const [file, mutants] of groupByFile(catalogue)) t.notThrows(() => planted(readSource(file), mutants))
})
