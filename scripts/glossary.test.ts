import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

test('the words of the glossary stand in order, each once', (t) => {
  const page = readFileSync(join(root, 'docs', 'glossary.md'), 'utf8')
  const words = [...page.matchAll(/^\| \*\*(.+?)\*\*/gm)].map((match) => match[1]!)

  t.true(words.length > 0)
  t.deepEqual(words, [...new Set(words)].sort())
})
