import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import test from 'ava'
import { BLOCK_BYTES } from './block.ts'
import { GatewayError } from './gateway-client.ts'
import { read, testCluster, until } from './test-cluster.ts'

test('any file comes back as it was, whatever its size, above all around the borders of blocks', async (t) => {
  const { client } = await testCluster(t)
  const sizes = [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES, 3 * BLOCK_BYTES + 7]

  for (const size of sizes) {
    const bytes = randomBytes(size)
    const { sizeBytes } = await client.put(`size/${size}.bin`, [bytes], size)

    t.is(sizeBytes, size)
    t.true((await read(client, `size/${size}.bin`)).equals(bytes), `${size} bytes`)
  }
})

test('a range over the border of two blocks is answered with 206 and those bytes, a suffix too', async (t) => {
  const { client } = await testCluster(t)
  const bytes = randomBytes(2 * BLOCK_BYTES + 100)
  await client.put('ranges.bin', [bytes], null)

  const response = await client.get('ranges.bin', `bytes=${BLOCK_BYTES - 5}-${BLOCK_BYTES + 4}`)
  response.resume()
  t.is(response.statusCode, 206)
  t.is(response.headers['content-range'], `bytes ${BLOCK_BYTES - 5}-${BLOCK_BYTES + 4}/${bytes.length}`)
  for (const [start, end] of [
    [BLOCK_BYTES - 5, BLOCK_BYTES + 5],
    [0, 1],
    [2 * BLOCK_BYTES, bytes.length],
  ] as const) {
    t.true((await read(client, 'ranges.bin', `bytes=${start}-${end - 1}`)).equals(bytes.subarray(start, end)))
  }
  t.true((await read(client, 'ranges.bin', 'bytes=-150')).equals(bytes.subarray(-150)))
  const error = await t.throwsAsync(client.get('ranges.bin', `bytes=${bytes.length}-`), { instanceOf: GatewayError })
  t.like(error, { status: 416, code: 'RANGE_NOT_SATISFIABLE' })
})

test('HEAD says size, type and hash; a known ETag saves the transfer; a range of an old ETag gets the whole', async (t) => {
  const { cluster, client } = await testCluster(t)
  const { sha256 } = await client.put('page.html', [Buffer.from('<p>hello')], null)

  const head = await client.head('page.html')
  const known = await fetch(`${cluster.url}/page.html`, { headers: { 'If-None-Match': `"${sha256}"` } })
  const outdated = await fetch(`${cluster.url}/page.html`, { headers: { Range: 'bytes=0-1', 'If-Range': '"old"' } })

  t.like(head, { 'content-length': '8', 'content-type': 'text/html; charset=utf-8', etag: `"${sha256}"` })
  t.is(known.status, 304)
  t.is(outdated.status, 200)
  t.is(await outdated.text(), '<p>hello')
})

test('a folder lists what is in it: JSON for programs, a page for browsers, in which names do nothing', async (t) => {
  const { cluster, client } = await testCluster(t)
  const nasty = '<script>alert(1)<.txt'
  for (const name of ['a.txt', 'sub/b.txt', 'sub/deeper/c.txt', '__proto__', `sub/${nasty}`])
    await client.put(name, [Buffer.from(name)], null)

  const page = await fetch(`${cluster.url}/sub/`, { headers: { Accept: 'text/html' } })
  const root = await client.list('')
  const sub = await client.list('sub/')
  const redirected = await fetch(`${cluster.url}/sub`, { redirect: 'manual' })

  t.deepEqual(
    root.entries.map(({ name }) => name),
    ['sub/', '__proto__', 'a.txt'],
  )
  t.deepEqual(
    sub.entries.map(({ name }) => name),
    ['deeper/', nasty, 'b.txt'],
  )
  const html = await page.text()
  t.true(html.includes('/sub/b.txt') && html.includes('&lt;script&gt;') && !html.includes('<script'))
  t.is(redirected.headers.get('location'), '/sub/')
  t.is((await read(client, '__proto__')).toString(), '__proto__')
})

test('a deleted file is gone, and what never was is 404 with a code and a way out', async (t) => {
  const { client } = await testCluster(t)
  await client.put('short-lived', [Buffer.from('x')], null)

  await client.remove('short-lived')

  for (const attempt of [client.get('short-lived'), client.remove('short-lived'), client.list('no-folder/')]) {
    const error = await t.throwsAsync(attempt, { instanceOf: GatewayError })
    t.like(error, { status: 404, code: 'NOT_FOUND' })
    t.truthy(error?.advice)
  }
  t.deepEqual((await client.list('')).entries, [])
})

test('names that could be read in two ways are refused, as are other methods', async (t) => {
  const { cluster } = await testCluster(t)
  const { hostname, port } = new URL(cluster.url)
  const status = async (method: string, path: string): Promise<number | undefined> => {
    const outgoing = request({ host: hostname, port, method, path })
    outgoing.end(method === 'PUT' ? 'x' : undefined)
    const [response] = await once(outgoing, 'response')
    response.resume()
    return response.statusCode
  }

  const bad = ['/../a', '/a/../b', '/a/./b', '/%2e%2e/a', '/a//b', '//a', '/a%2fb', '/a%5Cb', '/a%00b', '/%ff', '/%']
  for (const path of bad) t.is(await status('PUT', path), 400, path)
  for (const path of [`/${'x'.repeat(256)}`, '/folder/', '/']) t.is(await status('PUT', path), 400, path)
  t.is(await status('DELETE', '/'), 400)
  t.is(await status('POST', '/a'), 405)
  t.is(await status('OPTIONS', '/a'), 405)
})

test('an upload that is cut off half-way leaves nothing visible, and what was there before stays', async (t) => {
  const { cluster, client } = await testCluster(t)
  await client.put('kept.txt', [Buffer.from('old')], null)
  const { hostname, port } = new URL(cluster.url)

  for (const name of ['kept.txt', 'new.txt']) {
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    socket.write(`PUT /${name} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n`)
    await new Promise<void>((resolve) => socket.write(randomBytes(600_000), () => resolve()))
    socket.destroy()
  }
  // The blocks that were whole arrived, the names did not.
  await client.put('after.txt', [Buffer.from('later')], null)

  t.is((await read(client, 'kept.txt')).toString(), 'old')
  t.deepEqual(
    (await client.list('')).entries.map(({ name }) => name),
    ['after.txt', 'kept.txt'],
  )
})

test('whoever reads while a file is overwritten gets the old or the new content, never a mixture', async (t) => {
  const { client } = await testCluster(t)
  const versions = [1, 2, 3, 4].map((value) => Buffer.alloc(2 * BLOCK_BYTES + value, value))
  await client.put('file', [versions[0]!], null)

  let isWriting = true
  const seen: Buffer[] = []
  const reading = (async () => {
    while (isWriting) seen.push(await read(client, 'file'))
  })()
  for (const version of versions) await client.put('file', [version], null)
  isWriting = false
  await reading

  t.true(seen.length > 0)
  for (const bytes of seen) t.true(versions.some((version) => version.equals(bytes)))
  t.true((await read(client, 'file')).equals(versions[3]!))
})

test('with fewer than three nodes a write is refused with 503 and when to come back, and is fine afterwards', async (t) => {
  const { cluster, client, view } = await testCluster(t)
  await client.put('before', [Buffer.from('kept')], null)
  for (const node of ['s1', 's2', 's3']) await cluster.kill(node)
  await until('the dead are known', () => view.nodes.length === 2)

  const refused = await fetch(`${cluster.url}/new`, { method: 'PUT', body: 'x' })
  const unread = await fetch(`${cluster.url}/before`)

  t.is(refused.status, 503)
  t.is(refused.headers.get('retry-after'), '2')
  t.like(await refused.json(), { error: { code: 'UNAVAILABLE' } })
  t.is(unread.status, 503)
  for (const node of ['s1', 's2', 's3']) await cluster.restart(node)
  await until('all are back', () => view.nodes.length === 5)
  t.is((await read(client, 'before')).toString(), 'kept')
  await client.put('new', [Buffer.from('x')], null)
})
