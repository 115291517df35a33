/** A second, slow and obvious CBOR: frames by hand, so that a test says what is on the wire. */
export function cbor(value: unknown): Uint8Array {
  if (value === null) return Uint8Array.of(0xf6)
  if (value === undefined) return Uint8Array.of(0xf7)
  if (typeof value === 'boolean') return Uint8Array.of(value ? 0xf5 : 0xf4)
  if (typeof value === 'number') return number(value)
  if (typeof value === 'string') {
    const text = new TextEncoder().encode(value)
    return join(head(3, text.length), text)
  }
  if (value instanceof Uint8Array) return join(head(2, value.length), value)
  if (Array.isArray(value)) return join(head(4, value.length), ...value.map(cbor))
  if (value instanceof Tagged) return join(head(6, value.tag), cbor(value.value))
  const entries = Object.entries(value as object)
  return join(head(5, entries.length), ...entries.flat().map(cbor))
}

/** A value behind a tag. */
export class Tagged {
  readonly tag: number
  readonly value: unknown

  constructor(tag: number, value: unknown) {
    this.tag = tag
    this.value = value
  }
}

/** Reads one item of the kinds that {@link cbor} writes. */
export function uncbor(bytes: Uint8Array): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  const count = (info: number): number => {
    if (info < 24) return info
    const size = 1 << (info - 24)
    let value = 0
    for (let i = 0; i < size; i++) value = value * 256 + view.getUint8(at++)
    return value
  }
  const item = (): unknown => {
    const first = view.getUint8(at++)
    const major = first >> 5
    const info = first & 31
    if (major === 7) return simple(info)
    const value = count(info)
    if (major === 0) return value
    if (major === 1) return -1 - value
    if (major === 2) return bytes.slice(at, (at += value))
    if (major === 3) return new TextDecoder().decode(bytes.subarray(at, (at += value)))
    if (major === 4) return Array.from({ length: value }, item)
    if (major === 5) return Object.fromEntries(Array.from({ length: value }, () => [item(), item()]))
    return new Tagged(value, item())
  }
  const simple = (info: number): unknown => {
    if (info === 26) return view.getFloat32((at += 4) - 4)
    if (info === 27) return view.getFloat64((at += 8) - 8)
    return info === 20 ? false : info === 21 ? true : info === 22 ? null : undefined
  }
  return item()
}

function number(value: number): Uint8Array {
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 32) return value < 0 ? head(1, -1 - value) : head(0, value)
  const bytes = new Uint8Array(9)
  bytes[0] = 0xfb
  new DataView(bytes.buffer).setFloat64(1, value)
  return bytes
}

function head(major: number, value: number): Uint8Array {
  if (value < 24) return Uint8Array.of((major << 5) | value)
  const bytes = new Uint8Array(5)
  bytes[0] = (major << 5) | 26
  new DataView(bytes.buffer).setUint32(1, value)
  return bytes
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}
