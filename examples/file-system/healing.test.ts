import { randomBytes } from 'node:crypto'
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { BLOCK_BYTES, COPIES } from './block.ts'
import { LivingStores } from './living-stores.ts'
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
  const { cluster, client, view, folder } = await testCluster(t)
  await client.put('file', [CONTENT], null)
  const [victim] = await view.blocksOf('file')
  const stores = LivingStores.of(cluster.observer)
  const owners = stores.order(victim!).slice(0, COPIES)
  const pathOn = (node: string): string => join(folder, node, 'blocks', victim!.slice(0, 2), victim!)
  const sound = await readFile(pathOn(owners[2]!))

  await writeFile(pathOn(owners[0]!), randomBytes(BLOCK_BYTES))
  await truncate(pathOn(owners[1]!), 17)

  t.true((await read(client, 'file')).equals(CONTENT))
  for (const node of owners.slice(0, 2)) {
    const served = await stores.ref(node).ask('get', victim!)
    t.true(served === undefined || sound.equals(served))
    await until(`healed on ${node}`, async () => sound.equals(await readFile(pathOn(node)).catch(() => Buffer.of())))
  }
  await until('both are counted', async () => (await view.healed()) === 2)
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
