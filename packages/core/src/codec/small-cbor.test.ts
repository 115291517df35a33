import { isDeepStrictEqual } from 'node:util'
import test from 'ava'
import fc from 'fast-check'
import { GoneTarget } from '../actor/gone-target.ts'
import { LocalRef } from '../actor/local-ref.ts'
import { ALL_PARTS } from '../all-parts.ts'
import { MalformedFrameError, NotSerializableError } from '../errors.ts'
import { LocalSystem } from '../system/local-system.ts'
import { checkSystemOptions } from '../system/system-options.ts'
import { Cbor, type RefParts } from './cbor.ts'
import { fastCbor } from './fast-cbor.ts'
import { SmallCbor } from './small-cbor.ts'

const small = new Cbor(new SmallCbor(), null)
const fast = fastCbor()

const noRef = (): never => {
  throw new MalformedFrameError('no ref expected')
}

const leaf = fc.oneof(
  fc.constantFrom(undefined, null, true, false, '', 0, 23, 24, 255, 256, 2 ** 16, 2 ** 31, 2 ** 32, 2 ** 53),
  fc.constantFrom(-24, -25, -256, -257, -(2 ** 16) - 1, -(2 ** 31) - 1, -(2 ** 32), Infinity, -Infinity, NaN),
  fc.integer(),
  fc.double().map((value) => (Object.is(value, -0) ? 0 : value)),
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
  fc.constantFrom(2n ** 64n - 1n, 2n ** 64n, -(2n ** 64n), -(2n ** 64n) - 1n),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 300 }),
  fc.uint8ClampedArray({ maxLength: 5 }),
  fc.uint16Array({ maxLength: 5 }),
  fc.int32Array({ maxLength: 5 }),
  fc.bigInt64Array({ maxLength: 5 }),
  fc.float32Array({ maxLength: 5 }),
  fc.float64Array({ maxLength: 5 }),
)
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('any'), { maxLength: 30 }),
    fc.dictionary(
      fc.string({ unit: 'binary', maxLength: 40 }).filter((key) => key !== '__proto__'),
      tie('any'),
      { noNullPrototype: true },
    ),
    fc.array(fc.tuple(leaf, tie('any'))).map((entries) => new Map(entries)),
    fc.array(leaf).map((items) => new Set(items)),
  ),
})).any

test('a value of any kind arrives equal, whichever of the two codecs encodes and whichever decodes', (t) => {
  fc.assert(
    fc.property(value, (sent) => {
      const bytes = Uint8Array.from(small.encode(sent, 'm'))
      return (
        isDeepStrictEqual(small.decode(bytes, noRef), sent) &&
        isDeepStrictEqual(fast.decode(bytes, noRef), sent) &&
        isDeepStrictEqual(small.decode(Uint8Array.from(fast.encode(sent, 'm')), noRef), sent)
      )
    }),
    { numRuns: 500 },
  )
  t.pass()
})

test('what is no plain data arrives as it does from the other codec: objects of classes, iterables, errors, views', (t) => {
  class Point {
    readonly x = 1
    get twice(): number {
      return this.x * 2
    }
  }
  const inherited = Object.create({ above: 1 }, { own: { value: 2, enumerable: true } })
  class Iterable {
    *[Symbol.iterator](): Generator<unknown> {
      yield 1
      yield 'two'
    }
  }
  for (const sent of [
    new Point(),
    inherited,
    Object.create(null),
    new Iterable(),
    { kept: 1, *[Symbol.iterator]() {} },
    -0,
    new Date(1_700_000_000_123),
    new Date(-1),
    new DataView(new ArrayBuffer(3)),
    new ArrayBuffer(2),
    new Map([[{ a: 1 }, [1]]]),
    [undefined, new RangeError('too much')],
    Buffer.from('bytes'),
  ]) {
    const arrived = small.decode(small.encode(sent, 'm'), noRef)

    t.deepEqual(arrived, fast.decode(Uint8Array.from(fast.encode(sent, 'm')), noRef))
  }
})

test('what has no CBOR form is refused with the way to it, like by the other codec', (t) => {
  const cycle: { list: unknown[] } = { list: [1] }
  cycle.list.push(cycle)
  let deep: unknown = 'bottom'
  for (let i = 0; i < 65; i++) deep = [deep]
  let abyss: unknown = 'bottom'
  for (let i = 0; i < 100_000; i++) abyss = { abyss }
  for (const sent of [
    () => 1,
    { items: [0, { onClick: () => 1 }] },
    new Map([['k', Symbol('s')]]),
    { a: { pattern: /x/ } },
    [Promise.resolve(1)],
    [new WeakMap()],
    { file: new Blob([]) },
    { cycle },
    deep,
    abyss,
    { n: 1n << 9000n },
  ]) {
    const error = t.throws(() => small.encode(sent, 'm'), { instanceOf: NotSerializableError })
    t.is(error.message, t.throws(() => fast.encode(sent, 'm'))?.message)
  }
})

test('a key named __proto__ changes no prototype in a page either (law 18)', (t) => {
  const bytes = Uint8Array.from([0xa1, 0x69, ...Buffer.from('__proto__'), 0xa1, 0x61, 0x78, 0xf5])
  const arrived = small.decode(bytes, noRef) as object

  t.deepEqual(arrived, fast.decode(bytes, noRef))
  t.is(Object.getPrototypeOf(arrived), Object.prototype)
  t.false('x' in {})
})

test('numbers of every length, endless arrays and maps, and bytes in the other order are read', (t) => {
  const cases: readonly (readonly [bytes: string, value: unknown])[] = [
    ['f93c00', 1],
    ['f9c400', -4],
    ['f97c00', Number.POSITIVE_INFINITY],
    ['f97e00', Number.NaN],
    ['f90001', 2 ** -24],
    ['fa47c35000', 100_000],
    ['1800', 0],
    ['1b0000000000000001', 1n],
    ['9b000000000000000101', [1]],
    ['9f0102ff', [1, 2]],
    ['bf616101ff', { a: 1 }],
    ['a10102', { 1: 2 }],
    ['d8414400010002', Uint16Array.of(1, 2)],
  ]

  for (const [hex, expected] of cases) {
    const bytes = Uint8Array.from(Buffer.from(hex, 'hex'))
    t.deepEqual(small.decode(bytes, noRef), expected, hex)
    t.deepEqual(fast.decode(bytes, noRef), expected, hex)
  }
})

test('mutated, cut and random frames are decoded by a page to something or refused as malformed (law 18)', (t) => {
  const survives = (bytes: Uint8Array): void => {
    try {
      small.decode(bytes, noRef)
    } catch (error) {
      if (!(error instanceof MalformedFrameError)) throw error
    }
  }
  const mutation = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.boolean() })
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), survives), { numRuns: 2000 })
  fc.assert(
    fc.property(value, fc.array(mutation, { minLength: 1, maxLength: 4 }), (sent, mutations) => {
      let bytes = Uint8Array.from(small.encode(sent, 'm'))
      for (const { at, byte, cut } of mutations) {
        if (cut) bytes = bytes.slice(0, at % (bytes.length + 1))
        else if (bytes.length > 0) bytes[at % bytes.length] = byte
      }
      survives(bytes)
    }),
    { numRuns: 500 },
  )
  t.deepEqual(small.decode(small.encode({ still: 'works' }, 'm'), noRef), { still: 'works' })
})

test('a ref arrives from one codec at the other, and its pieces are told when it leaves', (t) => {
  const system = new LocalSystem(checkSystemOptions({ name: 'a', log: false }, ALL_PARTS), ALL_PARTS)
  const ref = new LocalRef<never>(new GoneTarget(system, 7, '/user/x'))
  const [left, arrived]: [RefParts[], RefParts[]] = [[], []]

  for (const [from, to] of [
    [small, fast],
    [fast, small],
  ] as const) {
    const encoded = from.encodePartNoting({ deep: [new Map([['ref', ref]])] }, 'm', (parts) => left.push(parts))
    to.decodePart(encoded, (parts) => {
      arrived.push(parts)
      return ref
    })
  }

  const parts = { address: '', nodeUid: system.uid, path: '/user/x', uid: 7 }
  t.deepEqual(left, [parts, parts])
  t.deepEqual(arrived, [parts, parts])
})
