import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { cli } from './cli.ts'
import { walk } from './file-tree.ts'
import { Progress } from './progress.ts'
import { Captured, scratch, testCluster } from './test-cluster.ts'

test('a folder that is put and got again is the same folder; ls, stat and rm say and do what they should', async (t) => {
  const { cluster } = await testCluster(t)
  const folder = await scratch(t)
  await mkdir(join(folder, 'tree', 'sub'), { recursive: true })
  const contents = { 'a.txt': 'one', 'sub/b c.txt': 'two', 'sub/ü.json': '{}', empty: '' }
  for (const [name, text] of Object.entries(contents)) await writeFile(join(folder, 'tree', name), text)
  const fs = async (...args: string[]) => {
    const [out, err] = [new Captured(), new Captured()]
    const status = await cli(['--gateway', cluster.url, ...args], out, err)
    return { status, out, err }
  }

  t.is((await fs('put', join(folder, 'tree'))).status, 0)
  t.is((await fs('get', 'tree/', join(folder, 'copy'))).status, 0)
  for (const { path, name } of await walk(join(folder, 'tree')))
    t.deepEqual(await readFile(path), await readFile(join(folder, 'copy', name)), name)
  t.is((await walk(join(folder, 'copy'))).length, 4)

  const listed = JSON.parse((await fs('ls', '--json', 'tree/sub')).out.text)
  t.deepEqual(
    listed.entries.map(({ name }: { name: string }) => name),
    ['b c.txt', 'ü.json'],
  )
  t.regex((await fs('ls', 'tree')).out.text, / sub\/\n.*\n?.* 3 B .* a\.txt/)
  t.like(JSON.parse((await fs('stat', '--json', '/tree/a.txt')).out.text), {
    sizeBytes: 3,
    type: 'text/plain; charset=utf-8',
  })
  t.is((await fs('get', 'tree/a.txt', '-')).out.text, 'one')

  t.is((await fs('rm', 'tree/a.txt')).status, 0)
  const gone = await fs('stat', 'tree/a.txt')
  t.is(gone.status, 1)
  t.regex(gone.err.text, /NOT_FOUND/)
})

test('a command called wrongly ends with status 2 and says how it is meant; one that fails ends with 1', async (t) => {
  for (const args of [[], ['lss'], ['ls', '--jsn'], ['put'], ['stat'], ['rm'], ['ls', '--gateway', 'ftp://x']]) {
    const err = new Captured()
    t.is(await cli(args, new Captured(), err), 2, args.join(' '))
    t.regex(err.text, /usage: npm run fs/)
  }
  const err = new Captured()
  t.is(await cli(['ls', '--gateway', 'http://127.0.0.1:1'], new Captured(), err), 1)
  t.regex(err.text, /npm run serve/)
})

test('progress is a bar on a terminal that ends on an empty line, and nothing hasty elsewhere', (t) => {
  const terminal = Object.assign(new Captured(), { isTTY: true, columns: 80 })
  const file = new Captured()

  for (const out of [terminal, file]) {
    const progress = new Progress('storing', 2048, out)
    progress.add(1024)
    progress.end()
  }

  t.regex(terminal.text, /^\rstoring \[############------------\] 50 % of 2\.0 KiB/)
  t.true(terminal.text.endsWith('\r\x1b[K'))
  t.is(file.text, '')
})
