import { randomBytes } from 'node:crypto'
import { readdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { BLOCK_BYTES } from './block.ts'
import { BlockDisk } from './block-disk.ts'
import { startMemoryCluster } from './memory-cluster.ts'
import { read, scratch, testCluster, until } from './test-cluster.ts'

const CONTENT = randomBytes(6 * BLOCK_BYTES)

test('copies of a dead node are made anew, and when it comes back no block has more than its three', async (t) => {
  const { cluster, client, view } = await testCluster(t)
  await client.put('file', [CONTENT], null)
  const before = await view.count()

  await cluster.kill('s2')
  await until('three copies among the living', async () => {
    if (view.nodes.length !== 4) return false
    return (await view.count({ expected: new Set(await view.blocksOf('file')) })).under === 0
  })
  const lost = before.copies - (await view.count()).copies + (await view.healed())
  await cluster.restart('s2')
  await until('the copies too many are gone', async () => {
    if (view.nodes.length !== 5) return false
    const { copies, under } = await view.count()
    return under === 0 && copies === before.copies
  })

  t.like(before, { blocks: 6, copies: 18, under: 0 })
  t.true(lost > 0)
  t.true((await read(client, 'file')).equals(CONTENT))
})

test('two nodes may die one after the other, and nothing is lost', async (t) => {
  const { cluster, client, view } = await testCluster(t)
  await client.put('file', [CONTENT], null)

  for (const [i, node] of ['s1', 's5'].entries()) {
    await cluster.kill(node)
    await until('healed', async () => view.nodes.length === 4 - i && (await view.count()).under === 0)
  }

  t.true((await read(client, 'file')).equals(CONTENT))
  await client.put('later', [CONTENT.subarray(1)], null)
  t.true((await read(client, 'later')).equals(CONTENT.subarray(1)))
})

test('a block damaged on disk is noticed by its hash, not served, and healed from another node', async (t) => {
  const { client, view, folder } = await testCluster(t)
  await client.put('file', [CONTENT], null)
  const [victim, ...others] = await view.blocksOf('file')
  const copies: string[] = []
  for (const node of ['s1', 's2', 's3', 's4', 's5']) {
    const shelf = join(folder, node, 'blocks', victim!.slice(0, 2))
    if ((await readdir(shelf)).includes(victim!)) copies.push(join(shelf, victim!))
  }

  // All but one: whichever is asked first, only the last one is sound.
  await writeFile(copies[0]!, randomBytes(BLOCK_BYTES))
  await truncate(copies[1]!, 17)

  t.is(copies.length, 3)
  t.is(others.length, 5)
  t.true((await read(client, 'file')).equals(CONTENT))
  const disks = await Promise.all(copies.map((path) => BlockDisk.open(join(path, '..', '..'))))
  const isSound = async (disk: BlockDisk): Promise<boolean> => {
    return (await disk.read(victim!).catch(() => undefined)) !== undefined
  }
  t.true(await isSound(disks[2]!))
})

test('the same folder has the same files at the next start, half-written ones of a crash are swept away', async (t) => {
  const folder = await scratch(t)
  const first = await startMemoryCluster({ folder, size: 5, port: 0 })
  const url = `${first.url}/kept.bin`
  await fetch(url, { method: 'PUT', body: CONTENT })
  await fetch(`${first.url}/gone.bin`, { method: 'PUT', body: 'x' })
  await fetch(`${first.url}/gone.bin`, { method: 'DELETE' })
  await first.stop()
  await writeFile(join(folder, 's1', 'blocks', '00', 'half.tmp'), 'x')

  const { client } = await testCluster(t, folder)

  t.true((await read(client, 'kept.bin')).equals(CONTENT))
  t.deepEqual(
    (await client.list('')).entries.map(({ name }) => name),
    ['kept.bin'],
  )
  t.deepEqual(
    await readdir(join(folder, 's1', 'blocks', '00')).then((names) => names.filter((n) => n.includes('tmp'))),
    [],
  )
})
