import type { CloseCode, Link, Transport } from '@troupe/core'
import type { ManualRuntime } from '@troupe/core/testing'
import { sealed, sealedBytes, unsealed } from './sealed.ts'

/** Kinds of envelopes, by their numbers on the wire. */
export const Kind = {
  tell: 0,
  ask: 1,
  reply: 2,
  failure: 3,
  watch: 4,
  unwatch: 5,
  terminated: 6,
  ping: 7,
  pong: 8,
  bye: 9,
  offer: 10,
  chunk: 11,
  join: 12,
  credit: 13,
}

/** The feature of taking the last four. */
export const FLOW_CONTROL = 4

/** The other end of a link, by hand: every frame that came, decoded, and how it ended. */
export class RawLink {
  readonly frames: unknown[] = []
  /** The same as bytes. */
  readonly received: Uint8Array[] = []
  ended: { readonly code: CloseCode; readonly reason: string } | null = null
  readonly #link: Link
  readonly #answer: (frame: unknown, link: RawLink) => void

  constructor(link: Link, answer: (frame: unknown, link: RawLink) => void = () => {}) {
    this.#link = link
    this.#answer = answer
    link.open({
      frame: (bytes) => {
        const frame = unsealed(bytes)
        this.received.push(bytes)
        this.frames.push(frame)
        this.#answer(frame, this)
      },
      drain: () => {},
      close: (code, reason) => {
        this.ended = { code, reason }
      },
    })
  }

  /** All envelopes that came, in order. Names are names. */
  get envelopes(): readonly (readonly unknown[])[] {
    return named(this.frames.filter(Array.isArray).flatMap((batch) => batch[1] as unknown[][]))
  }

  send(frame: unknown): void {
    this.#link.send(sealed(frame))
  }

  /** A frame whose checksum fits, whatever it holds. */
  content(content: Uint8Array): void {
    this.#link.send(sealedBytes(content))
  }

  bytes(frame: Uint8Array): void {
    this.#link.send(frame)
  }

  batch(...envelopes: readonly unknown[]): void {
    this.send([0, envelopes])
  }

  close(): void {
    this.#link.close('normal', 'enough')
  }
}

/** A name or a path that has come over the link before is a number: that of its place among those. */
function named(envelopes: readonly (readonly unknown[])[]): readonly (readonly unknown[])[] {
  const names: string[] = []
  const text = (field: unknown): unknown => {
    if (typeof field !== 'string') return typeof field === 'number' ? names[field] : field
    if (names.length < 256 && Buffer.byteLength(field) <= 64) names.push(field)
    return field
  }
  return envelopes.map((envelope) => {
    const [kind, to, name, ...rest] = envelope
    if (kind !== Kind.tell && kind !== Kind.ask && kind !== Kind.offer && kind !== Kind.watch) return envelope
    const target = typeof to === 'number' ? to : text(Array.isArray(to) ? to[0] : to)
    return [kind, target, kind === Kind.watch ? name : text(name), ...rest]
  })
}

/** Listens and dials like a node, and says what the test tells it to. */
export class RawPeer {
  readonly address: string
  readonly links: RawLink[] = []
  /** What to do with each frame on a link that came in. */
  onFrame: (frame: unknown, link: RawLink) => void = () => {}
  readonly #transport: Transport
  readonly #time: ManualRuntime

  private constructor(transport: Transport, address: string, time: ManualRuntime) {
    this.#transport = transport
    this.#time = time
    this.address = address
  }

  static async listen(transport: Transport, time: ManualRuntime): Promise<RawPeer> {
    let self: RawPeer | null = null
    const address = await transport.listen((link) => {
      self?.links.push(new RawLink(link, (frame, raw) => self?.onFrame(frame, raw)))
    }, time)
    self = new RawPeer(transport, address ?? '', time)
    return self
  }

  async dial(address: string): Promise<RawLink> {
    const dialled = this.#transport.dial(address, new AbortController().signal)
    await this.#time.settle()
    return new RawLink(await dialled)
  }

  /** A link that has been welcomed. */
  async join(address: string, hello: object = {}): Promise<RawLink> {
    const link = await this.dial(address)
    link.send(this.hello(hello))
    await this.#time.settle()
    return link
  }

  hello(other: object = {}): object {
    const { address } = this
    return {
      troupe: 'hello',
      min: 1,
      max: 1,
      cluster: 'default',
      name: 'raw',
      uid: 'raw-uid',
      address,
      epoch: 0,
      ...other,
    }
  }

  welcome(other: object = {}): object {
    return { troupe: 'welcome', version: 1, name: 'raw', uid: 'raw-uid', address: this.address, epoch: 1, ...other }
  }
}
