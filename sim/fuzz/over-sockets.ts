import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { SeededRandom } from '@troupe/core'
import { webSocketTransport } from '@troupe/transport-ws'
import { FLOW_CONTROL } from '../../packages/transport-memory/src/testing/raw-peer.ts'
import { sealed } from '../../packages/transport-memory/src/testing/sealed.ts'
import { Frames } from './frames.ts'
import type { Tally } from './tally.ts'
import { Target } from './target.ts'

/** Frames on one socket, in one go: they are answered, or cut off, in whatever way. */
const BURST = 20
/** Sockets at a time. */
const AT_A_TIME = 8

/** Frames over sockets: of WebSockets, in and out of order, and of no protocol at all. */
export async function overSockets(frames: number, seed: number): Promise<Tally> {
  const isListening = { port: 0, closeTimeoutMs: 200, handshakeTimeoutMs: 1_000 }
  const target = await Target.start(() => ({ transport: webSocketTransport(isListening), heartbeatMs: 5_000 }))
  await target.connect()
  const port = Number(new URL(target.system.address).port)
  const random = new SeededRandom(seed).stream('sockets')
  const made = new Frames(random.stream('frames'))
  let sockets = 0
  const one = async (): Promise<void> => {
    while (sockets * BURST < frames) {
      const number = ++sockets
      const count = Math.min(BURST, frames - (number - 1) * BURST)
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      await once(socket, 'connect')
      socket.resume()
      const parts = Array.from({ length: count }, () => wrapped(made, made.next()))
      if (random.below(16) > 0) await open(socket)
      if (random.below(4) > 0) socket.write(masked(sealed(hello(number)), 0x82))
      socket.end(Buffer.concat(parts))
      if (!socket.closed) await once(socket, 'close')
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, one))
  await target.check()
  await target.stop()
  return { frames, closed: sockets, crashes: target.crashes }
}

function hello(number: number): object {
  const identity = { name: 'x', uid: `socket-${number}`, address: '', epoch: 0 }
  return {
    troupe: 'hello',
    min: 1,
    max: 1,
    cluster: 'default',
    features: number % 2 === 0 ? 0 : FLOW_CONTROL,
    ...identity,
  }
}

async function open(socket: Socket): Promise<void> {
  const headers = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
  socket.write(['GET / HTTP/1.1', 'Host: x', ...headers, key, '\r\n'].join('\r\n'))
  await once(socket, 'data')
}

/** A WebSocket frame around some content: mostly as it ought to be. */
function wrapped({ below }: Frames, content: Uint8Array): Uint8Array {
  switch (below(12)) {
    case 0:
      return content
    case 1:
      // Text, a ping, a close, part of a frame, or a kind that there is not.
      return masked(content.subarray(0, 100), [0x81, 0x89, 0x88, 0x02, 0x80, 0x83, 0xc2][below(7)]!)
    default:
      return masked(content, 0x82)
  }
}

/** As clients send it, with a mask that changes nothing. */
function masked(content: Uint8Array, first: number): Uint8Array {
  const { length } = content
  const head =
    length < 126
      ? [first, 0x80 | length]
      : length < 65_536
        ? [first, 0xfe, length >> 8, length & 255]
        : [first, 0xff, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255]
  return Uint8Array.from([...head, 0, 0, 0, 0, ...content])
}
