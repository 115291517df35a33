import { createServer, type Server } from 'node:net'
import {
  createSystem,
  DialError,
  InvalidOptionError,
  type Link,
  realRuntime,
  type Transport,
  UnknownOptionError,
} from '@troupe/core'
import { behaviourContract, LinkRecorder, transportContract } from '@troupe/core/testing'
import test, { type ExecutionContext } from 'ava'
import { WebSocket } from 'ws'
import { type BrowserTransportOptions, browserTransport, type PlatformSocketClass } from '../browser.ts'
import { webSocketTransport } from '../index.ts'

/** Those that this Node has: its own WebSocket is that of browsers, and came with version 22. */
const SOCKETS: Readonly<Record<string, PlatformSocketClass | undefined>> = {
  global: (globalThis as { WebSocket?: PlatformSocketClass }).WebSocket,
  ws: WebSocket,
}

for (const [name, webSocket] of Object.entries(SOCKETS)) {
  if (webSocket === undefined) {
    test.skip(`browser, ${name} WebSocket: the transport contract (cannot: Node ${process.versions.node} has none)`, () => {})
    continue
  }
  transportContract(test.serial, `browser, ${name} WebSocket`, () => ({
    // Pages have no port to listen on: the side that is dialled is always Node's.
    server: webSocketTransport({ port: 0 }),
    client: browserTransport({ webSocket }),
    nobody: 'ws://127.0.0.1:1',
    rival: (address) => webSocketTransport({ port: Number(new URL(address).port) }),
  }))

  test(`browser, ${name} WebSocket: a server that never answers is given up by timeout, by abort and by close`, async (t) => {
    const address = await silent(t)

    const slow = await dialler(t, { webSocket, handshakeTimeoutMs: 50 })
    await t.throwsAsync(slow.dial(address, never), { instanceOf: DialError, message: /no answer in 50 ms/ })
    const abort = new AbortController()
    const dialled = (await dialler(t, { webSocket })).dial(address, abort.signal)
    abort.abort()
    await t.throwsAsync(dialled, { instanceOf: DialError, message: /called off/ })
    const closed = await dialler(t, { webSocket })
    const underWay = closed.dial(address, never)
    const failed = t.throwsAsync(underWay, { instanceOf: DialError, message: /this transport was closed/ })
    await closed.close()
    await failed
  })

  test(`browser, ${name} WebSocket: a frame above maxFrameBytes ends the link of whoever sent it`, async (t) => {
    const { client, server } = await pair(t, { webSocket, maxFrameBytes: 100 })

    server.link.send(new Uint8Array(100))
    server.link.send(new Uint8Array(101))

    t.is(await client.ended(), 'protocol: a frame above 100 bytes')
    t.is(await server.ended(), 'protocol: a frame above 100 bytes')
    t.is(client.frames.length, 1)
  })

  test(`browser, ${name} WebSocket: what comes for a link nobody opened is held, up to maxFrameBytes`, async (t) => {
    const { clientLink, server } = await unopened(t, { webSocket, maxFrameBytes: 100 })
    for (let i = 0; i < 3; i++) server.link.send(new Uint8Array(40))

    t.is(await server.ended(), 'protocol: above 100 bytes for a link nobody has opened')
    const client = new LinkRecorder(clientLink, runtime.scheduler)
    clientLink.open(client)

    t.regex(await client.ended(), /^protocol: above 100 bytes/)
    t.is(client.frames.length, 0)
  })
}

behaviourContract(test, 'WebSocket, from a browser', async () => {
  const there = await createSystem({ name: 'there', transport: webSocketTransport({ port: 0 }), log: false })
  const transport = browserTransport({ webSocket: WebSocket })
  const here = await createSystem({ name: 'here', transport, log: false })
  await here.connect(there.address)
  return { here, there, close: async () => void (await Promise.all([here.stop(), there.stop()])) }
})

test('a browser listens nowhere and dials WebSocket addresses only', async (t) => {
  const transport = browserTransport({ webSocket: WebSocket })
  t.teardown(() => transport.close())

  t.is(await transport.listen(() => {}, runtime), null)
  for (const address of ['http://127.0.0.1:1', 'memory://a', '', 'ws://a#b'])
    await t.throwsAsync(transport.dial(address, never), { instanceOf: DialError, message: /no URL/ })
})

test('options of the browser transport are checked at the door', (t) => {
  const misspelt = { webSocket: WebSocket, maxFrameByte: 1 }

  t.throws(() => browserTransport(misspelt), {
    instanceOf: UnknownOptionError,
    message: /did you mean "maxFrameBytes"/,
  })
  t.throws(() => browserTransport({ webSocket: WebSocket, maxFrameBytes: 0 }), { instanceOf: InvalidOptionError })
})

const runtime = realRuntime()
const never = new AbortController().signal

/** Takes connections and says nothing. */
async function silent(t: ExecutionContext): Promise<string> {
  const server: Server = createServer((socket) => t.teardown(() => socket.destroy()))
  t.teardown(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return `ws://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}

async function dialler(t: ExecutionContext, options: BrowserTransportOptions): Promise<Transport> {
  const transport = browserTransport(options)
  t.teardown(() => transport.close())
  await transport.listen(() => {}, runtime)
  return transport
}

async function unopened(
  t: ExecutionContext,
  options: BrowserTransportOptions,
): Promise<{ readonly clientLink: Link; readonly server: LinkRecorder }> {
  const transport = webSocketTransport({ port: 0 })
  t.teardown(() => transport.close())
  let resolve: (recorder: LinkRecorder) => void = () => {}
  const accepted = new Promise<LinkRecorder>((resolved) => {
    resolve = resolved
  })
  const address = await transport.listen((link) => {
    const recorder = new LinkRecorder(link, runtime.scheduler)
    link.open(recorder)
    resolve(recorder)
  }, runtime)
  const clientLink = await (await dialler(t, options)).dial(address ?? '', never)
  return { clientLink, server: await accepted }
}

async function pair(
  t: ExecutionContext,
  options: BrowserTransportOptions,
): Promise<{ readonly client: LinkRecorder; readonly server: LinkRecorder }> {
  const { clientLink, server } = await unopened(t, options)
  const client = new LinkRecorder(clientLink, runtime.scheduler)
  clientLink.open(client)
  return { client, server }
}
