import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { blockIdOf, cut } from './block.ts'
import { BlockDisk, CorruptBlockError } from './block-disk.ts'
import { scratch } from './test-cluster.ts'

const BYTES = Buffer.from('some content')
const ID = blockIdOf(BYTES)

test('a block that was written is there after the next start, and a second write of it does nothing', async (t) => {
  const folder = await scratch(t)
  const disk = await BlockDisk.open(folder)

  t.deepEqual(await Promise.all([disk.write(ID, BYTES), disk.write(ID, BYTES)]), [true, false])

  const again = await BlockDisk.open(folder)
  t.deepEqual([...again.ids], [ID])
  t.deepEqual(await again.read(ID), new Uint8Array(BYTES))
  t.deepEqual(await readdir(join(folder, ID.slice(0, 2))), [ID])
})

test('a damaged block is removed when it is read, and a write puts it right without being fooled by the name', async (t) => {
  const folder = await scratch(t)
  const path = join(folder, ID.slice(0, 2), ID)
  const disk = await BlockDisk.open(folder)
  await disk.write(ID, BYTES)

  await writeFile(path, 'something else')
  await t.throwsAsync(disk.read(ID), { instanceOf: CorruptBlockError })
  t.is(await disk.read(ID), undefined)
  t.is(disk.ids.size, 0)

  await disk.write(ID, BYTES)
  await writeFile(path, 'something else')
  t.true(await disk.write(ID, BYTES))
  t.deepEqual(await disk.read(ID), new Uint8Array(BYTES))
})

test('however reads of a damaged block, writes and removals overlap, what it says to have is there', async (t) => {
  const folder = await scratch(t)
  const disk = await BlockDisk.open(folder)
  for (let round = 0; round < 20; round++) {
    await disk.write(ID, BYTES)
    await writeFile(join(folder, ID.slice(0, 2), ID), 'damaged')
    const reads = [disk.read(ID), disk.read(ID)].map((read) => read.catch(() => {}))
    const changes = round % 2 === 0 ? [disk.remove(ID), disk.write(ID, BYTES)] : [disk.write(ID, BYTES)]

    await Promise.all([...reads, ...changes])

    t.true(disk.ids.has(ID))
    t.deepEqual(await disk.read(ID), new Uint8Array(BYTES))
  }
})

test('a stream is cut into full blocks and a rest, however its chunks fall', async (t) => {
  const content = Buffer.from('abcdefghijklmnopqrstuvwxyz')
  for (const chunkBytes of [1, 3, 5, 26]) {
    const chunks: Buffer[] = []
    for (let at = 0; at < content.length; at += chunkBytes) chunks.push(content.subarray(at, at + chunkBytes))
    const blocks: string[] = []
    for await (const block of cut(
      (async function* () {
        yield* chunks
      })(),
      10,
    )) {
      blocks.push(Buffer.from(block).toString())
    }
    t.deepEqual(blocks, ['abcdefghij', 'klmnopqrst', 'uvwxyz'])
  }
})
