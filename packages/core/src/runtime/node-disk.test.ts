import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { DiskFailedError, DiskFullError, FileNotFoundError, InvalidOptionError } from '../errors.ts'
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
  const file = await disk.open('file')
  t.is(file.sizeBytes, 0)
  await file.close()
})

const onLinux = existsSync('/dev/full') ? test : test.skip
onLinux('a host without room is DISK_FULL, and where the file cannot be cut back it takes nothing more', async (t) => {
  const folder = await newFolder()
  t.teardown(() => rm(folder, { recursive: true }))
  await symlink('/dev/full', join(folder, 'full'))
  const file = await nodeDisk(folder).open('full')

  await t.throwsAsync(file.append(Uint8Array.of(1)), { instanceOf: DiskFullError, message: /append to "full"/ })
  t.is(file.sizeBytes, 0)
  for (const call of [file.append(Uint8Array.of(1)), file.sync(), file.truncate(0)])
    await t.throwsAsync(call, { instanceOf: DiskFailedError, message: /an earlier call has failed/ })
  t.deepEqual(await file.read(0, 9), new Uint8Array(0))
  await file.close()
})

onLinux('after a failed sync a file is still read and takes nothing more', async (t) => {
  const folder = await newFolder()
  t.teardown(() => rm(folder, { recursive: true }))
  await symlink('/dev/full', join(folder, 'full'))
  const file = await nodeDisk(folder).open('full')

  await t.throwsAsync(file.sync(), { instanceOf: DiskFailedError, message: /sync "full"/ })
  await t.throwsAsync(file.append(new Uint8Array(0)), { instanceOf: DiskFailedError, message: /earlier/ })
  t.deepEqual(await file.read(0, 9), new Uint8Array(0))
  await file.close()
})

test('a folder that is no path is turned down', (t) => {
  t.throws(() => nodeDisk(''), { instanceOf: InvalidOptionError })
})
