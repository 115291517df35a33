import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import {
  type ActorSystem,
  createSystem,
  DialError,
  InvalidOptionError,
  type Link,
  OpenListenerError,
  RefusedError,
  realRuntime,
  type SystemEvent,
  type SystemOptions,
} from '@troupe/core'
import test, { type ExecutionContext } from 'ava'
import { WebSocket } from 'ws'
import { type WebSocketTransport, type WebSocketTransportOptions, webSocketTransport } from './index.ts'
import { type Certificates, makeCertificates } from './testing/certificates.ts'
import { counter, counterOf } from './testing/counter.ts'

const SECRET = 'correct horse battery staple'
/** Another number for a night's run: `TROUPE_SILENT_SOCKETS=5000`. */
const SILENT_SOCKETS = Number(process.env['TROUPE_SILENT_SOCKETS'] ?? 500)

const made = makeCertificates()
const others = made === null ? null : makeCertificates()
/** Tests of TLS: without certificates they are skipped. */
function tlsTest(title: string, run: (t: ExecutionContext, ours: Certificates, theirs: Certificates) => unknown): void {
  if (made === null || others === null) test.skip(`${title} [needs openssl 3]`, () => {})
  else test(title, async (t) => void (await run(t, made, others)))
}

// Who may listen

const routable = { port: 0, host: '0.0.0.0', advertise: 'ws://example.org:7000' }

test('a listener that others reach starts with a secret, or with insecure: true, and not without either', async (t) => {
  const open = webSocketTransport(routable)
  const error = await t.throwsAsync(createSystem({ name: 'a', transport: open }), { instanceOf: OpenListenerError })
  t.is(error?.code, 'OPEN_LISTENER')
  t.is(open.counters.accepted, 0)

  await node(t, routable, { secret: SECRET })
  await node(t, { ...routable, insecure: true })
})

test('which hosts need a secret: all but those of loopback; a side that only dials needs none', (t) => {
  for (const host of ['127.0.0.1', '127.0.0.2', '::1', 'localhost']) t.false(needsSecret({ port: 0, host }), host)
  for (const host of ['10.0.0.1', '127.0.0.1.example.org', '1270.0.0.1', 'example.org', '::ffff:10.0.0.1']) {
    t.true(needsSecret({ port: 0, host }), host)
  }
  t.false(needsSecret({ host: '10.0.0.1' }))
  t.false(needsSecret({}))
})

tlsTest('TLS alone lets in anybody, so it needs a secret too; client certificates are as good as one', (t, ours) => {
  t.true(needsSecret({ ...routable, tls: ours }))
  t.false(needsSecret({ ...routable, tls: { ...ours, requestClientCert: true } }))
})

test('nodes with different secrets refuse each other over sockets, and both say so', async (t) => {
  const a = await node(t, { port: 0 }, { secret: SECRET })
  const b = await node(t, {}, { secret: `${SECRET}!` })

  const error = await t.throwsAsync(b.system.connect(a.system.address), { instanceOf: RefusedError })
  t.is(error?.reason, 'secret')
  for (const { events } of [a, b])
    t.like(events.find(({ type }) => type === 'link-refused') as object, { code: 'secret' })
})

// TLS

tlsTest('nodes talk over wss:// with certificates of an authority of their own', async (t, ours) => {
  const a = await node(t, { port: 0, tls: ours })
  const b = await node(t, { tls: { ca: ours.ca } })

  t.regex(a.system.address, /^wss:\/\/127\.0\.0\.1:\d+$/)
  t.is(await askedThrough(b.system, a), 1)
})

tlsTest('a certificate of an unknown authority is a DialError, and nothing is said to it', async (t, ours, theirs) => {
  const a = await node(t, { port: 0, tls: ours })
  for (const options of [{}, { tls: { ca: theirs.ca } }]) {
    await t.throwsAsync(dialled(t, a, options), { instanceOf: DialError, message: /certificate/ })
  }
  t.is(a.transport.counters.accepted, 0)
})

tlsTest('with requestClientCert only who has a certificate of that authority gets in', async (t, ours, theirs) => {
  const tls = { ...ours, requestClientCert: true }
  const a = await node(t, { port: 0, tls })
  for (const shown of [{ ca: ours.ca }, { ...theirs, ca: ours.ca }]) {
    await t.throwsAsync(dialled(t, a, { tls: shown }), { instanceOf: DialError })
  }
  t.is(a.transport.counters.accepted, 0)

  t.is(await askedThrough((await node(t, { tls })).system, a), 1)
})

tlsTest('a socket that says nothing to a TLS port, or speaks plainly, is cut off', async (t, ours) => {
  const a = await node(t, { port: 0, tls: ours, handshakeTimeoutMs: 100 })
  const [silent, plain] = [await raw(t, a), await raw(t, a)]
  plain.write(upgrade)

  await Promise.all([closed(silent), closed(plain)])
  while (a.transport.counters.pending > 0) await turn()
  t.is(a.transport.counters.accepted, 0)
})

tlsTest('certificates are checked at the door, by errors that show no key', (t, ours, theirs) => {
  const wrong: readonly (readonly [tls: object, message: RegExp])[] = [
    [{ cert: ours.cert }, /both "cert" and "key"/],
    [{ ca: ours.ca }, /"cert" and "key" to listen/],
    [{ cert: ours.cert, key: ours.key, requestClientCert: true }, /"ca" for "requestClientCert"/],
    [{ cert: ours.cert, key: theirs.key }, /can be used/],
    [{ cert: ours.cert, key: 'no key' }, /can be used/],
    [{ ...ours, requestClientCerts: true }, /did you mean "requestClientCert"/],
  ]
  for (const [tls, message] of wrong) {
    const error = t.throws(() => webSocketTransport({ port: 0, tls }), { message }) as Error
    t.false(error.message.includes(ours.key.split('\n')[1]!))
  }
  t.throws(() => webSocketTransport({ tls: 'yes' as never }), { instanceOf: InvalidOptionError })
})

// How many

test('a page is refused unless its origin is listed, also when it names the host of the request', async (t) => {
  const a = await node(t, { port: 0 })
  const { host } = new URL(a.system.address)
  const page = new WebSocket(a.system.address, { origin: `http://${host}` })
  const [error] = await once(page, 'error')

  t.regex(String(error), /403/)
  t.is(a.transport.counters.originRefused, 1)
})

test('more than maxConnections are answered with 503, and those that are there go on', async (t) => {
  const a = await node(t, { port: 0, maxConnections: 1 })
  const b = await node(t, {})
  t.is(await askedThrough(b.system, a), 1)
  const third = new WebSocket(a.system.address)
  const [error] = await once(third, 'error')

  t.regex(String(error), /503/)
  t.like(a.transport.counters, { open: 1, accepted: 1, fullRefused: 1 })
  t.is(await askedThrough(b.system, a), 2)
})

test('of sockets that are no WebSocket yet the oldest is cut when there are more than maxPendingConnections', async (t) => {
  const a = await node(t, { port: 0, maxPendingConnections: 5 })
  const sockets: Socket[] = []
  for (let i = 0; i < 20; i++) sockets.push(await raw(t, a))
  await Promise.all(sockets.slice(0, 15).map(closed))

  t.is(await askedThrough((await node(t, {})).system, a), 1)
  t.like(a.transport.counters, { pending: 4, pendingGivenUp: 16 })
})

test('a stranger cannot have a node keep more than some greetings, even as part of one large frame', async (t) => {
  const a = await node(t, { port: 0 }, { secret: SECRET })
  const socket = await raw(t, a)
  socket.write(upgrade)
  await once(socket, 'data')
  // A masked binary frame of 16 MiB, of which as much comes as is taken.
  socket.write(Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3, 4))
  let sentBytes = 0
  while (!socket.closed && sentBytes < 8 * 1024 * 1024) {
    socket.write(new Uint8Array(64 * 1024))
    sentBytes += 64 * 1024
    await turn()
  }
  await closed(socket)

  t.true(sentBytes < 8 * 1024 * 1024)
  t.is(a.transport.counters.framesTooLarge, 1)
  t.is(await askedThrough((await node(t, {}, { secret: SECRET })).system, a), 1)
})

test(`${SILENT_SOCKETS} WebSockets that say nothing keep no honest peer out, and are given up`, async (t) => {
  const a = await node(t, { port: 0, maxConnections: 2 * SILENT_SOCKETS }, { secret: SECRET })
  const early = await node(t, {}, { secret: SECRET })
  t.is(await askedThrough(early.system, a), 1)
  const silent: Socket[] = []
  for (let i = 0; i < SILENT_SOCKETS; i += 50) {
    const some = await Promise.all(Array.from({ length: Math.min(50, SILENT_SOCKETS - i) }, () => raw(t, a)))
    for (const socket of some) {
      socket.write(upgrade)
      silent.push(socket)
    }
    await Promise.all(some.map((socket) => once(socket, 'data')))
  }

  t.is(await askedThrough(early.system, a), 2)
  t.is(await askedThrough((await node(t, {}, { secret: SECRET })).system, a), 3)
  t.is(a.system.peers.length, 2)
  const busy = a.events.filter((event) => event.type === 'link-refused' && event.code === 'busy')
  t.true(busy.length >= SILENT_SOCKETS - 256)
  t.false(a.events.some(({ type }) => type === 'peer-lost'))
})

interface Node {
  readonly system: ActorSystem
  readonly transport: WebSocketTransport
  readonly events: SystemEvent[]
}

/** A node with a counter, which stops with the test. */
async function node(
  t: ExecutionContext,
  transportOptions: WebSocketTransportOptions,
  options: Partial<SystemOptions> = {},
): Promise<Node> {
  const transport = webSocketTransport({ closeTimeoutMs: 100, ...transportOptions })
  const system = await createSystem({ name: 'a', log: false, heartbeatMs: 5_000, ...options, transport })
  const events: SystemEvent[] = []
  system.events.subscribe((event) => events.push(event))
  system.register(counterOf('a'), system.spawn(counter('a'), { name: 'counter' }))
  t.teardown(() => system.stop())
  return { system, transport, events }
}

/** One attempt to make a link to a node, without any system on this side. */
async function dialled(t: ExecutionContext, to: Node, options: WebSocketTransportOptions): Promise<Link> {
  const transport = webSocketTransport(options)
  t.teardown(() => transport.close())
  await transport.listen(() => {}, realRuntime())
  return transport.dial(to.system.address, new AbortController().signal)
}

/** Connects, and adds one to the counter of the other node. */
async function askedThrough(from: ActorSystem, to: Node): Promise<number> {
  await from.connect(to.system.address)
  const own = (): boolean => from.findAll(counterOf('a')).length > 1
  while (!own()) await turn()
  const ref = from.findAll(counterOf('a')).find(({ id }) => id.startsWith(to.system.uid))!
  return ref.ask('add', 0).then(() => ref.ask('add', 1))
}

function needsSecret(options: WebSocketTransportOptions): boolean {
  const advertise = 'ws://example.org'
  return webSocketTransport({ advertise, ...options }).needsSecret === true
}

const upgrade = [
  'GET / HTTP/1.1',
  'Host: x',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n')

/** A TCP connection without any protocol on it. */
async function raw(t: ExecutionContext, { system }: Node): Promise<Socket> {
  const socket = connect(Number(new URL(system.address).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function closed(socket: Socket): Promise<void> {
  socket.resume()
  if (!socket.closed) await once(socket, 'close')
}
