import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { envSeeds } from './env-seeds.ts'
import { fileSeeds } from './file-seeds.ts'

const { signal } = new AbortController()

test('a file is read again at each look, and none is nobody yet', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-seeds-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'seeds')
  const seeds = fileSeeds(path)

  t.deepEqual(await seeds.lookup(signal), [])
  writeFileSync(`${path}.new`, '# ours\nws://a:7000, ws://b:7000 # two of them\n\n  ws://c:7000\n')
  renameSync(`${path}.new`, path)
  t.deepEqual(await seeds.lookup(signal), ['ws://a:7000', 'ws://b:7000', 'ws://c:7000'])
  writeFileSync(path, '')
  t.deepEqual(await seeds.lookup(signal), [])
})

test('a file that cannot be read is a failure', async (t) => {
  await t.throwsAsync(fileSeeds(tmpdir()).lookup(signal), { code: 'EISDIR' })
  t.throws(() => fileSeeds(''), { code: 'INVALID_OPTION' })
})

test('a variable of the environment holds addresses, and an unset one is nobody yet', async (t) => {
  t.teardown(() => delete process.env.TROUPE_TEST_SEEDS)
  const seeds = envSeeds({ variable: 'TROUPE_TEST_SEEDS' })

  t.deepEqual(await seeds.lookup(signal), [])
  process.env.TROUPE_TEST_SEEDS = 'ws://a:7000,ws://b:7000 ws://c:7000'
  t.deepEqual(await seeds.lookup(signal), ['ws://a:7000', 'ws://b:7000', 'ws://c:7000'])
  t.is(envSeeds().name, 'environment variable TROUPE_SEEDS')
})
