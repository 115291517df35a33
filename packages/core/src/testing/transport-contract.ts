import { AddressInUseError, DialError } from '../errors.ts'
import type { CloseCode } from '../transport/transport.ts'
import type { Assertions, TestFunction } from './assertions.ts'
import { LinkRecorder } from './link-recorder.ts'
import { type TransportPair, TransportStage } from './transport-stage.ts'

/** What the suite has to know of a transport. */
export interface TransportContractOptions {
  /** Promises this transport cannot keep: title to reason. They are shown as skipped. */
  readonly cannot?: Readonly<Record<string, string>>
}

/**
 * The promises of `Transport` and `Link` as tests, for every transport there is.
 *
 * ```ts
 * transportContract(test, 'memory', () => {
 *   const network = memoryNetwork()
 *   return { server: network.transport(), client: network.transport(), nobody: 'memory://nobody', rival: network.transport }
 * })
 * ```
 * @param name put before each title
 * @param makePair called once per test; tests may run at the same time
 * @throws {RangeError} when `cannot` names a promise that does not exist
 */
export function transportContract(
  test: TestFunction,
  name: string,
  makePair: () => TransportPair | Promise<TransportPair>,
  options: TransportContractOptions = {},
): void {
  const cannot = options.cannot ?? {}
  for (const title of Object.keys(cannot)) {
    if (!Object.hasOwn(promises, title)) throw new RangeError(`transportContract: no promise is titled "${title}"`)
  }
  for (const [title, keep] of Object.entries(promises)) {
    const run = async (t: Assertions): Promise<void> => {
      const stage = new TransportStage(await makePair())
      try {
        await stage.listen()
        await keep(t, stage)
      } finally {
        await stage.close()
      }
    }
    const reason = cannot[title]
    if (reason === undefined) test(`${name}: ${title}`, run)
    else test.skip(`${name}: ${title} (cannot: ${reason})`, run)
  }
}

const promises: Record<string, (t: Assertions, stage: TransportStage) => Promise<void>> = {
  'listen answers an address that others can dial': async (t, stage) => {
    const { client, server } = await stage.connect()

    client.link.send(bytesOf(1))
    await server.until('a frame', () => server.frames.length === 1)

    t.true(stage.address.length > 0)
  },

  'dialling an address where nobody listens rejects with DialError, which names it': async (t, stage) => {
    const error = await stage.rejection(stage.pair.client.dial(stage.pair.nobody, new AbortController().signal))

    t.true(error instanceof DialError, String(error))
    t.true(String(error).includes(stage.pair.nobody), String(error))
  },

  'aborting the signal of a dial rejects it with DialError': async (t, stage) => {
    const abort = new AbortController()
    const dialled = stage.pair.client.dial(stage.address, abort.signal)
    abort.abort()

    t.true((await stage.rejection(dialled)) instanceof DialError)
    t.true((await stage.rejection(stage.pair.client.dial(stage.address, abort.signal))) instanceof DialError)
  },

  'aborting the signal after the dial has succeeded changes nothing': async (t, stage) => {
    const abort = new AbortController()
    const { client, server } = await stage.connect(abort.signal)

    abort.abort()
    client.link.send(bytesOf(1))
    await server.until('a frame', () => server.frames.length === 1)

    t.deepEqual(client.endings, [])
  },

  'frames of 0 bytes, 1 byte and 1 MiB arrive whole and in order, in both directions': async (t, stage) => {
    const { client, server } = await stage.connect()
    const sent = [bytesOf(0), bytesOf(1), bytesOf(MIB), bytesOf(0), bytesOf(7)]

    for (const frame of sent) {
      client.link.send(frame)
      server.link.send(frame)
    }

    for (const side of [client, server]) {
      await side.until('all frames', () => side.frames.length === sent.length)
      t.true(sent.every((frame, i) => sameBytes(side.frames[i]!, frame)))
    }
  },

  '10,000 small frames arrive in order, none missing and none twice': async (t, stage) => {
    const { client, server } = await stage.connect()

    for (let i = 0; i < 10_000; i++) client.link.send(numbered(i))
    await server.until('10,000 frames', () => server.frames.length >= 10_000)
    client.link.close('normal', 'sent all')
    await server.ended()

    t.is(server.frames.length, 10_000)
    t.true(server.frames.every((frame, i) => numberIn(frame) === i))
  },

  'frames sent before the receiver called open are held, and come in order after it': async (t, stage) => {
    const [clientLink, serverLink] = await stage.connectUnopened()
    const early = new LinkRecorder(clientLink, stage.scheduler)
    const late = new LinkRecorder(serverLink, stage.scheduler)
    clientLink.open(early)
    for (let i = 0; i < 100; i++) clientLink.send(numbered(i))
    await stage.idle()

    let inside = true
    late.onFrame = () => t.true(!inside, 'a frame came inside open()')
    serverLink.open(late)
    inside = false
    clientLink.send(numbered(100))
    await late.until('101 frames', () => late.frames.length === 101)

    t.true(late.frames.every((frame, i) => numberIn(frame) === i))
  },

  'a frame sent as soon as a link is accepted reaches the side that dialled': async (t, stage) => {
    stage.onAccept = (link) => link.send(bytesOf(3))

    const { client } = await stage.connect()
    await client.until('a frame', () => client.frames.length === 1)

    t.true(sameBytes(client.frames[0]!, bytesOf(3)))
  },

  'no handler runs inside a call of its own link': async (t, stage) => {
    const { client, server } = await stage.connect()
    const before = () => client.frames.length + client.endings.length + client.drains
    server.onFrame = (bytes) => server.link.send(bytes)

    for (let i = 0; i < 10; i++) {
      const calls = before()
      client.link.send(numbered(i))
      t.is(before(), calls)
    }
    await client.until('10 echoes', () => client.frames.length === 10)
    client.link.close('normal', 'done')
    t.deepEqual(client.endings, [])
    t.is(await client.ended(), 'normal: done')
  },

  "received bytes are the receiver's: changing them changes neither the sent ones nor another frame": async (
    t,
    stage,
  ) => {
    const one = await stage.connect()
    const two = await stage.connect()
    const sent = bytesOf(1000)
    one.server.onFrame = (bytes) => void bytes.fill(255)

    one.client.link.send(sent)
    one.client.link.send(sent)
    await one.server.until('two frames', () => one.server.frames.length === 2)
    two.client.link.send(sent)
    await two.server.until('a frame', () => two.server.frames.length === 1)

    t.true(sameBytes(sent, bytesOf(1000)))
    t.true(sameBytes(two.server.frames[0]!, bytesOf(1000)))
  },

  'send answers false above the high-water mark; drain follows, and nothing is lost': async (t, stage) => {
    const { client, server } = await stage.connect()
    const frame = bytesOf(64 * 1024)

    let sent = 1
    while (client.link.send(frame) && sent < 1024) sent++
    t.true(sent < 1024, '64 MiB were sent and no send answered false')
    t.true(client.link.bufferedBytes > 0)
    t.is(client.drains, 0)
    client.link.send(frame)

    await client.until('drain', () => client.drains === 1)
    t.true(client.link.send(frame), 'send answers true after drain')
    await server.until('all frames', () => server.frames.length === sent + 2)
    t.true(server.frames.every((received) => sameBytes(received, frame)))
  },

  'bufferedBytes goes back to 0 when all is sent': async (t, stage) => {
    const { client, server } = await stage.connect()

    for (let i = 0; i < 20; i++) client.link.send(bytesOf(MIB / 4))
    await server.until('all frames', () => server.frames.length === 20)
    await stage.until('bufferedBytes of 0', () => client.link.bufferedBytes === 0)

    t.is(client.link.bufferedBytes, 0)
  },

  'close delivers the frames sent before it, then both sides learn code and reason': async (t, stage) => {
    const codes: readonly CloseCode[] = ['normal', 'protocol', 'lost']
    for (const code of codes) {
      const { client, server } = await stage.connect()

      for (let i = 0; i < 100; i++) client.link.send(bytesOf(10_000))
      client.link.close(code, `because of ${code}`)

      t.is(await server.ended(), `${code}: because of ${code}`)
      t.is(server.frames.length, 100)
      t.is(await client.ended(), `${code}: because of ${code}`)
      t.is(client.link.bufferedBytes, 0)
    }
  },

  'each side is told of the end once, also when both close at the same time or twice': async (t, stage) => {
    const { client, server } = await stage.connect()

    client.link.close('normal', 'client')
    server.link.close('normal', 'server')
    client.link.close('lost', 'again')
    await Promise.all([client.ended(), server.ended()])
    client.link.close('lost', 'after the end')
    await stage.idle()

    t.is(client.endings.length, 1)
    t.is(server.endings.length, 1)
  },

  'the side that closes gets nothing any more but the end': async (t, stage) => {
    const { client, server } = await stage.connect()
    for (let i = 0; i < 50; i++) server.link.send(numbered(i))
    client.onFrame = () => client.link.close('normal', 'one is enough')

    await Promise.all([client.ended(), server.ended()])
    await stage.idle()

    t.is(client.frames.length, 1)
    t.is(client.callsAfterEnd + server.callsAfterEnd, 0)
  },

  'send on a closed link drops the frame and answers false': async (t, stage) => {
    const { client, server } = await stage.connect()

    client.link.close('normal', 'done')
    t.is(client.link.send(bytesOf(1)), false)
    await Promise.all([client.ended(), server.ended()])
    t.is(client.link.send(bytesOf(1)), false)
    t.is(server.link.send(bytesOf(1)), false)
    await stage.idle()

    t.is(client.frames.length + server.frames.length, 0)
    t.is(client.link.bufferedBytes, 0)
  },

  'a link that ended before it was opened says so after open': async (t, stage) => {
    const [clientLink, serverLink] = await stage.connectUnopened()
    const client = new LinkRecorder(clientLink, stage.scheduler)
    const server = new LinkRecorder(serverLink, stage.scheduler)
    clientLink.open(client)
    clientLink.send(bytesOf(5))
    clientLink.close('normal', 'too late')
    await stage.idle()

    serverLink.open(server)
    t.deepEqual(server.endings, [])

    t.is(await server.ended(), 'normal: too late')
    t.is(server.frames.length, 1)
  },

  'a link may be closed before it is opened': async (t, stage) => {
    const [clientLink, serverLink] = await stage.connectUnopened()
    const client = new LinkRecorder(clientLink, stage.scheduler)
    const server = new LinkRecorder(serverLink, stage.scheduler)
    serverLink.open(server)

    clientLink.close('normal', 'changed my mind')
    t.is(await server.ended(), 'normal: changed my mind')
    await stage.idle()
    clientLink.open(client)
    t.deepEqual(client.endings, [])

    t.is(await client.ended(), 'normal: changed my mind')
  },

  'a frame handler that throws ends its own link with code lost, and no other': async (t, stage) => {
    const broken = await stage.connect()
    const sound = await stage.connect()
    broken.server.onFrame = () => {
      throw new Error('handler bug')
    }

    broken.client.link.send(bytesOf(1))
    broken.client.link.send(bytesOf(1))
    const endings = await Promise.all([broken.client.ended(), broken.server.ended()])
    sound.client.link.send(bytesOf(1))
    await sound.server.until('a frame', () => sound.server.frames.length === 1)

    t.true(
      endings.every((ending) => ending.startsWith('lost: ')),
      endings.join(),
    )
    t.is(broken.server.frames.length, 1)
    t.deepEqual(sound.server.endings, [])
  },

  'closing a transport ends all its links in order, and frees its address': async (t, stage) => {
    const links = [await stage.connect(), await stage.connect(), await stage.connect()]
    for (const { server } of links) server.link.send(bytesOf(1))

    await stage.pair.server.close()

    for (const { client, server } of links) {
      t.true((await client.ended()).startsWith('normal: '))
      t.true((await server.ended()).startsWith('normal: '))
      t.is(client.frames.length, 1)
    }
    const dialled = stage.pair.client.dial(stage.address, new AbortController().signal)
    t.true((await stage.rejection(dialled)) instanceof DialError)
    const successor = stage.rival(stage.address)
    t.is(await successor.listen(() => {}, stage.runtime), stage.address)
  },

  'a closed transport dials no more, and closing it again does nothing': async (t, stage) => {
    const { client, server } = await stage.connect()

    await stage.pair.client.close()
    await stage.pair.client.close()

    await Promise.all([client.ended(), server.ended()])
    const dialled = stage.pair.client.dial(stage.address, new AbortController().signal)
    t.true((await stage.rejection(dialled)) instanceof DialError)
    t.is(client.endings.length, 1)
  },

  'two links between the same two transports are independent': async (t, stage) => {
    const one = await stage.connect()
    const two = await stage.connect()

    one.client.link.send(bytesOf(1))
    two.client.link.send(bytesOf(2))
    one.client.link.close('normal', 'only this one')
    await one.server.ended()
    two.client.link.send(bytesOf(3))
    await two.server.until('two frames', () => two.server.frames.length === 2)

    t.deepEqual(
      one.server.frames.map((frame) => frame.length),
      [1],
    )
    t.deepEqual(
      two.server.frames.map((frame) => frame.length),
      [2, 3],
    )
    t.deepEqual(two.server.endings, [])
  },

  'listening on an address that is taken rejects with AddressInUseError, which names it': async (t, stage) => {
    const second = stage.rival(stage.address)

    const error = await stage.rejection(second.listen(() => {}, stage.runtime))

    t.true(error instanceof AddressInUseError, String(error))
    // Without the scheme: what is taken is a host and port, not a way to speak.
    t.true(String(error).includes(stage.address.replace(/^[a-z+]+:\/\//, '')), String(error))
  },

  '50 links at once each carry their own frames': async (t, stage) => {
    stage.onAccept = (link) => {
      const server = new LinkRecorder(link, stage.scheduler)
      server.onFrame = (bytes) => link.send(bytes)
      link.open(server)
    }
    const dial = () => stage.pair.client.dial(stage.address, new AbortController().signal)
    const links = await Promise.all(Array.from({ length: 50 }, dial))
    const clients = links.map((link) => new LinkRecorder(link, stage.scheduler))

    clients.forEach((client, i) => {
      client.link.open(client)
      for (let n = 0; n < 10; n++) client.link.send(numbered(i * 10 + n))
    })

    await Promise.all(clients.map((client) => client.until('10 echoes', () => client.frames.length === 10)))
    t.true(clients.every((client, i) => client.frames.every((frame, n) => numberIn(frame) === i * 10 + n)))
  },
}

const MIB = 1024 * 1024

/** `length` bytes, each of them different from its neighbours. */
function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 7 + length)
}

function numbered(n: number): Uint8Array {
  return Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n)
}

function numberIn(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0)
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
