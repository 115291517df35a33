import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { DiskFailedError, FileNotFoundError, InvalidOptionError } from '../errors.ts'
import { diskContract } from '../testing/disk-contract.ts'
import { nodeDisk } from './node-disk.ts'

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'troupe-disk-'))

diskContract(test, 'node', async () => {
  const folder = await newFolder()
  return { disk: nodeDisk(folder), restart: () => nodeDisk(folder), close: () => rm(folder, { recursive: true }) }
})

test('the folder is made when first needed, with those above it, and files in it are files of the host', async (t) => {
  const above = await newFolder()
  t.teardown(() => rm(above, { recursive: true }))
  const disk = nodeDisk(join(above, 'a', 'b'))
  t.deepEqual(await readdir(above), [])

  const file = await disk.open('log')
  await file.append(Uint8Array.of(104, 105))
  await Promise.all([file.sync(), disk.sync(), file.close()])

  t.is(await readFile(join(above, 'a', 'b', 'log'), 'utf8'), 'hi')
})

test('folders and files that are not its own are not listed', async (t) => {
  const folder = await newFolder()
  t.teardown(() => rm(folder, { recursive: true }))
  await mkdir(join(folder, 'below'))
  await writeFile(join(folder, '.hidden'), '')
  await writeFile(join(folder, 'mine'), '')

  t.deepEqual(await nodeDisk(folder).list(), ['mine'])
})

test('what the host fails is DISK_FAILED, with its error as the cause, and the next call goes on', async (t) => {
  const folder = await newFolder()
  t.teardown(() => rm(folder, { recursive: true }))
  await mkdir(join(folder, 'below'))
  await writeFile(join(folder, 'file'), '')
  const disk = nodeDisk(folder)

  const error = await t.throwsAsync(disk.open('below'), { instanceOf: DiskFailedError, message: /open "below"/ })
  t.like(error, { code: 'DISK_FAILED', file: 'below', cause: { code: 'EISDIR' } })
  await t.throwsAsync(nodeDisk(join(folder, 'file', 'x')).list(), { instanceOf: DiskFailedError, message: /folder/ })
  await t.throwsAsync(disk.remove('gone'), { instanceOf: FileNotFoundError })
  t.is((await disk.open('file')).sizeBytes, 0)
})

test('a folder that is no path is turned down', (t) => {
  t.throws(() => nodeDisk(''), { instanceOf: InvalidOptionError })
})
