import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const page = readFileSync(join(root, 'docs', 'semantics.md'), 'utf8')
const rows = page.split('\n').filter((line) => /^\| \d+ \|/.test(line))
const prose = page.split('\n').filter((line) => !line.startsWith('|'))
// Each package's own folder: beside it stand the links to all the others, round and round.
const titles = readdirSync(join(root, 'packages'))
  .map((name) => join(root, 'packages', name, 'src'))
  .flatMap((src) => readdirSync(src, { recursive: true, encoding: 'utf8' }).map((file) => join(src, file)))
  .filter((file) => /(\.test|-contract)\.ts$/.test(file))
  .flatMap((file) => titlesOf(readFileSync(file, 'utf8')))
  .map(normal)

test('every number of the semantics page is bold and stands, with its unit, in the title of a test (law 20)', (t) => {
  const text = prose
    .join('\n')
    .replace(/`[^`]*`/g, '')
    .replace(/^## Laws$[^#]*/m, '')
  const bold = [...text.matchAll(/\*\*([^*]+)\*\*/g)].map(([, words]) => normal(words!))
  const others = text.replace(/\*\*[^*]+\*\*/g, '').match(/(?<![\w-])\d[\d,.]*/g) ?? []

  t.true(bold.length > 20)
  t.deepEqual(
    bold.filter((words) => !titles.some((title) => includes(title, words))),
    [],
  )
  // An option's value of 0 promises nothing by itself.
  t.deepEqual(
    others.filter((number) => number !== '0'),
    [],
  )
})

test('every law has a row, whose test files exist, and one of them a title with its number unless it comes later', (t) => {
  t.deepEqual(
    rows.map((row) => Number(/^\| (\d+)/.exec(row)![1])),
    Array.from({ length: 20 }, (_, i) => i + 1),
  )
  for (const row of rows) {
    const [, law, , tests] = row.split('|').map((cell) => cell.trim()) as [string, string, string, string]
    const files = [...tests.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => resolve(root, 'docs', link!))
    for (const file of files) t.true(existsSync(file), `${file} of law ${law}`)
    if (tests.startsWith('later:')) continue
    const named = files.some((file) => readFileSync(file, 'utf8').includes(`(law ${law})`))
    t.true(named, `a test with (law ${law}) in its title`)
  }
})

/** What is said where a test is declared, or is a key of a contract. */
function titlesOf(source: string): string[] {
  const declared = source.matchAll(/\btest(?:\.\w+)*\(\s*(?:'((?:[^'\\\n]|\\.)*)'|"([^"\n]*)"|`([^`\n]*)`)/g)
  const promised = source.matchAll(/^ {2}(?:'([^'\n]+)'|"([^"\n]+)"): (?:async )?\(/gm)
  return [...declared, ...promised].map(([, single, double, template]) => single ?? double ?? template ?? '')
}

/** One way of writing numbers and times: 5,000 ms for 5 s and for 5000 ms, on one line. */
function normal(words: string): string {
  return words
    .replace(/\s+/g, ' ')
    .replace(/(\d),(?=\d{3})/g, '$1')
    .replace(/\b(\d+) s\b/g, (_, seconds) => `${Number(seconds) * 1_000} ms`)
    .toLowerCase()
}

function includes(title: string, words: string): boolean {
  const at = title.indexOf(words)
  const outside = (character: string | undefined): boolean => character === undefined || !/[\w.]/.test(character)
  return at !== -1 && outside(title[at - 1]) && outside(title[at + words.length])
}
