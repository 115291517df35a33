import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer, type Server, type Socket } from 'node:net'
import {
  AddressInUseError,
  DialError,
  InvalidOptionError,
  type Link,
  realRuntime,
  type Transport,
  UnknownOptionError,
} from '@troupe/core'
import { LinkRecorder, manualRuntime, transportContract } from '@troupe/core/testing'
import test, { type ExecutionContext } from 'ava'
import { WebSocket } from 'ws'
import { type WebSocketTransportOptions, webSocketTransport } from './index.ts'

// One after the other: all at once, each would wait for all of them, and its dials would be late on a busy machine.
transportContract(test.serial, 'ws', () => ({
  server: webSocketTransport({ port: 0 }),
  client: webSocketTransport(),
  // A port below 1024 that nobody uses: the system gives it to no other test.
  nobody: 'ws://127.0.0.1:1',
  rival: (address) => webSocketTransport({ port: Number(new URL(address).port) }),
}))

test('without a port a transport only dials', async (t) => {
  const transport = started(t, webSocketTransport())

  t.is(await transport.listen(() => {}, runtime), null)
})

test('the address says host, port and path; advertise replaces it', async (t) => {
  const { address } = await listening(t, { path: '/troupe' })
  const advertised = started(t, webSocketTransport({ port: 0, host: '0.0.0.0', advertise: 'wss://example.org/x' }))

  t.regex(address, /^ws:\/\/127\.0\.0\.1:\d+\/troupe$/)
  t.is(await advertised.listen(() => {}, runtime), 'wss://example.org/x')
  t.is((await dialler(t)(address)).peer, address)
  await t.throwsAsync(dialler(t)(address.replace('/troupe', '/other')), { instanceOf: DialError, message: /400/ })
})

test('options are checked at the door', (t) => {
  const misspelt = { host: '127.0.0.1', prot: 7000 }

  t.throws(() => webSocketTransport(misspelt), { instanceOf: UnknownOptionError, message: /did you mean "port"/ })
  t.throws(() => webSocketTransport({ port: 65_536 }), { instanceOf: InvalidOptionError, message: /"port"/ })
  t.throws(() => webSocketTransport({ path: 'troupe' }), { instanceOf: InvalidOptionError, message: /starts with \// })
  t.throws(() => webSocketTransport({ advertise: 'localhost:1' }), { instanceOf: InvalidOptionError })
  t.throws(() => webSocketTransport({ port: 0, host: '0.0.0.0' }), { message: /"advertise" must be given when host/ })
})

test('a port in use is named with its host', async (t) => {
  const { address } = await listening(t)
  const second = started(t, webSocketTransport({ port: portOf(address) }))

  const error = await t.throwsAsync(
    second.listen(() => {}, runtime),
    { instanceOf: AddressInUseError },
  )

  t.true(error?.message.startsWith(`127.0.0.1:${portOf(address)} is in use`))
})

test('an address that is no WebSocket URL cannot be dialled', async (t) => {
  for (const address of ['memory://a', 'http://127.0.0.1:1', 'ws://', '']) {
    await t.throwsAsync(dialler(t)(address), { instanceOf: DialError, message: /no URL/ })
  }
})

test('dialling a server that speaks only HTTP fails with its status', async (t) => {
  const server = createHttpServer((_request, response) => response.writeHead(404).end())
  t.teardown(() => server.close())

  await t.throwsAsync(dialler(t)(`ws://127.0.0.1:${await listenOn(server)}`), { instanceOf: DialError, message: /404/ })
})

test('dialling a server that never answers ends by timeout, by abort, or when the transport closes', async (t) => {
  const silent = createServer()
  const held: Socket[] = []
  silent.on('connection', (socket) => held.push(socket))
  const address = `ws://127.0.0.1:${await listenOn(silent)}`
  t.teardown(() => {
    for (const socket of held) socket.destroy()
    silent.close()
  })
  const quick = started(t, webSocketTransport({ handshakeTimeoutMs: 50 }))
  const patient = started(t, webSocketTransport())
  const closing = started(t, webSocketTransport())
  for (const transport of [quick, patient, closing]) await transport.listen(() => {}, runtime)
  const abort = new AbortController()

  const dials = [quick.dial(address, never), patient.dial(address, abort.signal), closing.dial(address, never)]
  const ends = dials.map((dial) => t.throwsAsync(dial, { instanceOf: DialError }))
  abort.abort()
  await closing.close()

  const [timeout, aborted, closed] = await Promise.all(ends)
  t.regex(timeout?.message ?? '', /no answer in 50 ms/)
  t.regex(aborted?.message ?? '', /called off/)
  t.regex(closed?.message ?? '', /this transport was closed/)
})

test('a page of an origin that is not listed is refused; one that is listed may dial', async (t) => {
  const { address } = await listening(t, { origins: ['https://good.example'] })

  const bad = new WebSocket(address, { origin: 'https://bad.example' })
  const [error] = await once(bad, 'error')
  const good = new WebSocket(address, { origin: 'https://good.example' })
  await once(good, 'open')
  good.terminate()

  t.regex(String(error), /403/)
})

test('a text frame ends its link with code protocol', async (t) => {
  const { address, accepted } = await listening(t)
  const client = new WebSocket(address)
  await once(client, 'open')
  const server = await accepted()

  client.send('hello')
  client.send(Buffer.from('after'))
  const [code, reason] = await once(client, 'close')

  t.is(await server.ended(), 'protocol: text frames are not allowed')
  t.is(server.frames.length, 0)
  t.is(code, 1002)
  t.is(String(reason), 'text frames are not allowed')
})

test('a frame above maxFrameBytes ends its link with code protocol at both sides, and no other', async (t) => {
  const { address, accepted } = await listening(t, { maxFrameBytes: 1000 })
  const honest = await openedPair(t, address, accepted)
  const greedy = await openedPair(t, address, accepted)

  greedy.client.link.send(new Uint8Array(1001))

  t.regex(await greedy.server.ended(), /^protocol: Max payload size exceeded/)
  t.regex(await greedy.client.ended(), /^protocol: /)
  honest.client.link.send(new Uint8Array(1000))
  await honest.server.until('a frame', () => honest.server.frames.length === 1)
  t.deepEqual(honest.client.endings, [])
})

test('the reason of a close is cut to 123 bytes, never within a character', async (t) => {
  const { address, accepted } = await listening(t)
  const { client, server } = await openedPair(t, address, accepted)

  client.link.close('normal', 'é'.repeat(100))

  t.is(await server.ended(), `normal: ${'é'.repeat(61)}`)
})

test('a connection that breaks off is lost', async (t) => {
  const { address, accepted } = await listening(t)
  const client = await rawWebSocket(t, address)
  const server = await accepted()

  client.destroy()

  t.is(await server.ended(), 'lost: the connection broke off')
})

test('the close codes of other software are understood', async (t) => {
  const { address, accepted } = await listening(t)
  const endings = { 1000: 'normal', 1001: 'lost', 1003: 'protocol', 1009: 'protocol', 4000: 'lost' }

  for (const [code, expected] of Object.entries(endings)) {
    const client = new WebSocket(address)
    await once(client, 'open')
    const server = await accepted()
    client.close(Number(code))
    t.is(await server.ended(), `${expected}: closed with code ${code}`)
  }
})

test('a peer that does not answer a close is cut off after closeTimeoutMs', async (t) => {
  const { address, accepted } = await listening(t, { closeTimeoutMs: 50 })
  const mute = await rawWebSocket(t, address)
  const server = await accepted()
  const gone = once(mute, 'close')

  server.link.close('normal', 'bye')

  t.is(await server.ended(), 'normal: bye')
  mute.resume()
  await gone
})

test('closing a transport does not wait for clients that never finish their handshake', async (t) => {
  const { address, transport } = await listening(t)
  const half = await raw(t, address)
  half.write('GET / HTTP/1.1\r\nHost: x\r\nUpgr')
  const nothing = await raw(t, address)
  const gone = Promise.all([closed(half), closed(nothing)])

  await transport.close()

  await gone
  t.pass()
})

test('half a handshake, or none, is cut off after handshakeTimeoutMs', async (t) => {
  const { address } = await listening(t, { handshakeTimeoutMs: 100 })
  const half = await raw(t, address)

  const nothing = await raw(t, address)

  half.write('GET / HTTP/1.1\r\nHost: x\r\nUpgr')

  t.regex(await closed(half), /^HTTP\/1\.1 408 /)
  await closed(nothing)
})

test('garbage ends its own connection only: honest links go on, and new ones are made', async (t) => {
  const { address, accepted } = await listening(t)
  const honest = await openedPair(t, address, accepted)
  const random = manualRuntime(7).random
  const noise = Uint8Array.from({ length: 4096 }, () => random.below(256))

  for (let i = 0; i < 8; i++) {
    const client = await raw(t, address)
    client.end(noise.subarray(i * 512, (i + 1) * 512))
    await closed(client)
  }
  const plain = await raw(t, address)
  plain.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  t.regex(await closed(plain), /^HTTP\/1\.1 426 /)
  const keyless = await raw(t, address)
  keyless.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  t.regex(await closed(keyless), /^HTTP\/1\.1 400 /)

  honest.client.link.send(Uint8Array.of(1))
  await honest.server.until('a frame', () => honest.server.frames.length === 1)
  t.deepEqual(honest.server.endings, [])
  await openedPair(t, address, accepted)
})

test('garbage after a good handshake ends its own link with the fault named', async (t) => {
  const { address, accepted } = await listening(t)
  const honest = await openedPair(t, address, accepted)
  const masked = [0x80 | 5, 1, 2, 3, 4]
  const faults: readonly (readonly [bytes: number[], ending: RegExp])[] = [
    // A binary frame of 5 bytes of which 2 come.
    [[0x82, ...masked, 9, 9], /^lost: the connection broke off/],
    [[0x82, 5, 1, 2, 3, 4, 5], /^protocol: .*MASK must be set/],
    [[0x83, ...masked, 1, 2, 3, 4, 5], /^protocol: .*invalid opcode/],
    [[0xf2, ...masked, 1, 2, 3, 4, 5], /^protocol: .*RSV/],
    // 2^63 bytes are announced.
    [[0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], /^protocol: /],
  ]

  for (const [bytes, ending] of faults) {
    const client = await rawWebSocket(t, address)
    const server = await accepted()
    client.end(Uint8Array.from(bytes))
    t.regex(await server.ended(), ending)
    t.is(server.frames.length, 0)
  }

  honest.client.link.send(Uint8Array.of(1))
  await honest.server.until('a frame', () => honest.server.frames.length === 1)
})

test('a peer that sends to a link nobody opened is slowed down and fills no memory', async (t) => {
  const transport = started(t, webSocketTransport({ port: 0 }))
  const links: Link[] = []
  const address = (await transport.listen((link) => links.push(link), runtime)) ?? ''
  const client = new LinkRecorder(await dialler(t)(address), runtime.scheduler)
  client.link.open(client)

  // More than the kernel holds for both ends: the rest has to wait here.
  for (let i = 0; i < 512; i++) client.link.send(new Uint8Array(64 * 1024))
  for (let i = 0; i < 50; i++) await new Promise<void>((resolve) => runtime.scheduler.yield(resolve))
  t.true(client.link.bufferedBytes > 1024 * 1024)
  t.is(client.drains, 0)

  const server = new LinkRecorder(links[0]!, runtime.scheduler)
  server.link.open(server)
  await server.until('all frames', () => server.frames.length === 512)
  t.is(client.drains, 1)
})

const runtime = realRuntime()
const never = new AbortController().signal

function started(t: ExecutionContext, transport: Transport): Transport {
  t.teardown(() => transport.close())
  return transport
}

interface Listening {
  readonly address: string
  readonly transport: Transport
  /** The next link that was accepted, open. */
  readonly accepted: () => Promise<LinkRecorder>
}

async function listening(t: ExecutionContext, options: WebSocketTransportOptions = {}): Promise<Listening> {
  const transport = started(t, webSocketTransport({ port: 0, ...options }))
  const links: LinkRecorder[] = []
  let wake: () => void = () => {}
  const accept = (link: Link): void => {
    const recorder = new LinkRecorder(link, runtime.scheduler)
    link.open(recorder)
    links.push(recorder)
    wake()
  }
  const address = (await transport.listen(accept, runtime)) ?? ''
  const accepted = async (): Promise<LinkRecorder> => {
    while (links.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    return links.shift()!
  }
  return { address, transport, accepted }
}

/** Dials from a transport of its own. */
function dialler(t: ExecutionContext): (address: string) => Promise<Link> {
  return async (address) => {
    const transport = started(t, webSocketTransport())
    await transport.listen(() => {}, runtime)
    return transport.dial(address, never)
  }
}

async function openedPair(
  t: ExecutionContext,
  address: string,
  accepted: () => Promise<LinkRecorder>,
): Promise<{ client: LinkRecorder; server: LinkRecorder }> {
  const client = new LinkRecorder(await dialler(t)(address), runtime.scheduler)
  client.link.open(client)
  return { client, server: await accepted() }
}

/** A TCP connection without any protocol on it. */
async function raw(t: ExecutionContext, address: string): Promise<Socket> {
  const socket = connect(portOf(address), '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** A TCP connection after a good WebSocket handshake, which answers nothing by itself. */
async function rawWebSocket(t: ExecutionContext, address: string): Promise<Socket> {
  const socket = await raw(t, address)
  const headers = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
  socket.write(['GET / HTTP/1.1', 'Host: x', ...headers, key, '\r\n'].join('\r\n'))
  const [answer] = await once(socket, 'data')
  t.regex(String(answer), /^HTTP\/1\.1 101 /)
  return socket
}

/** Resolves with all that came until the connection was gone. */
async function closed(socket: Socket): Promise<string> {
  let received = ''
  socket.on('data', (bytes) => {
    received += String(bytes)
  })
  if (!socket.closed) await once(socket, 'close')
  return received
}

async function listenOn(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function portOf(address: string): number {
  return Number(new URL(address).port)
}
