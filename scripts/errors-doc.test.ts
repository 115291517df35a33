import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

test('every error code has a heading in docs/errors.md, and every heading of a code an error', (t) => {
  const codes = readdirSync(join(root, 'packages'))
    .flatMap((name) => sources(join(root, 'packages', name, 'src')))
    .flatMap(
      (text) =>
        text.match(
          /^\s*(?:override )?readonly code(?:: [^=\n]+)? = '([A-Z_]+)'|^\s*readonly code: '[A-Z_]+'(?: \| '[A-Z_]+')*/gm,
        ) ?? [],
    )
    .flatMap((declaration) => [...declaration.matchAll(/'([A-Z_]+)'/g)].map((match) => match[1]!))
  const headings = readFileSync(join(root, 'docs', 'errors.md'), 'utf8').matchAll(/^#+ `?([A-Z][A-Z_]+)`?\s*$/gm)

  t.true(codes.length > 0)
  t.deepEqual([...headings].map((match) => match[1]!).sort(), [...new Set(codes)].sort())
})

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8'))
}
