import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import { printed } from './printed.ts'
import { isSlow, slowTest } from './slow-suite.ts'

const run = promisify(execFile)
const root = dirname(dirname(fileURLToPath(import.meta.url)))
/** Pages whose code blocks are programs that run as they are. */
const pages = [
  'README.md',
  'packages/testkit/README.md',
  'docs/testing.md',
  'docs/operations.md',
  'docs/cluster.md',
].map((path) => {
  const text = readFileSync(join(root, path), 'utf8')
  const blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .map(([, language, code]) => ({ language, code: code! }))
    // What a terminal shows.
    .filter(({ language }) => language !== 'text')
  return { path, blocks }
})
const programs = pages.flatMap(({ path, blocks }) =>
  blocks.map(({ code }, i) => ({ title: `code block ${i + 1} of ${path}`, code })),
)

for (const { path, blocks } of pages) {
  test(`every code block of ${path} is a program, and there are some`, (t) => {
    t.true(blocks.length >= 3)
    t.deepEqual([...new Set(blocks.map(({ language }) => language))], ['ts'])
  })
}

for (const [i, { title, code }] of programs.entries()) {
  test(`${title} prints what it says it prints`, async (t) => {
    // Below examples/, where the packages resolve as they do for a user.
    const file = join(root, 'examples', `.readme-${process.pid}-${i + 1}.ts`)
    const promised = [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text]) => text)
    t.teardown(() => rmSync(file, { force: true }))
    // Where there is no time for more: from shortly before the first seed that shows the fault which is sought.
    writeFileSync(file, isSlow ? code : code.replaceAll('seeds: 200', `seeds: 200, from: '30'`))

    const text = await printed(file)

    t.true(promised.length > 0)
    t.deepEqual(text.trimEnd().split('\n'), promised)
  })
}

slowTest('the code of these pages passes the type checker', async (t) => {
  const folder = join(root, 'examples', `.readme-types-${process.pid}`)
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(folder)
  for (const [i, { code }] of programs.entries()) writeFileSync(join(folder, `block-${i + 1}.ts`), code)
  const files = programs.map((_, i) => `block-${i + 1}.ts`)
  const config = { extends: '../../tsconfig.check.json', files, include: [] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))

  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  await t.notThrowsAsync(run(process.execPath, [tsc, '-p', folder]))
})
