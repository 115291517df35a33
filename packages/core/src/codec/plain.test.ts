import { isDeepStrictEqual } from 'node:util'
import test from 'ava'
import fc from 'fast-check'
import { times } from '../../../../scripts/slow-suite.ts'
import { fastCbor } from './fast-cbor.ts'
import { NOT_PLAIN } from './plain-cbor.ts'
import { plainDecode } from './plain-decode.ts'
import { plainEncode } from './plain-encode.ts'
import { checkWellFormed } from './well-formed.ts'

const cbor = fastCbor()
const noRef = (): never => {
  throw new Error('no ref expected')
}
const library = {
  encode: (value: unknown) => cbor.encodeAny(value, 'm'),
  decode: (bytes: Uint8Array) => cbor.decodeAny(bytes, noRef),
}

const plain = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(
      undefined,
      null,
      true,
      false,
      2 ** 31,
      2 ** 32 - 1,
      2 ** 32,
      -(2 ** 31) - 1,
      2 ** 53,
      NaN,
      -Infinity,
    ),
    fc.integer(),
    fc.double().map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.string({ unit: 'binary', maxLength: 70 }),
    fc.array(tie('any'), { maxLength: 80 }),
    fc.dictionary(
      fc.string({ unit: 'binary', maxLength: 30 }).filter((key) => key !== '__proto__'),
      tie('any'),
      { noNullPrototype: true },
    ),
  ),
})).any

test('plain values arrive as the library would have them arrive, whichever of the two encodes or decodes', (t) => {
  fc.assert(
    fc.property(plain, (sent) => {
      const { bytes, start, end } = plainEncode(sent)!
      const own = bytes.slice(start, end)
      const theirs = Uint8Array.from(library.encode(sent))
      t.true(isDeepStrictEqual(library.decode(own), sent))
      t.true(isDeepStrictEqual(plainDecode(bytes, start, end), sent))
      const decoded = plainDecode(theirs, 0, theirs.length)
      t.true(decoded === NOT_PLAIN || isDeepStrictEqual(decoded, sent))
    }),
    { numRuns: times(30, 200) },
  )
})

test('texts longer than a block arrive as the library would have them arrive, alone and among others', (t) => {
  const long = fc
    .tuple(fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }), fc.integer({ min: 4_000, max: 70_000 }))
    .map(([text, times]) => text.repeat(times))
  fc.assert(
    fc.property(long, plain, (text, other) => {
      const sent = [other, text, { text }]
      const { bytes, start, end } = plainEncode(sent)!
      const own = bytes.slice(start, end)
      t.true(isDeepStrictEqual(library.decode(own), sent))
      t.true(isDeepStrictEqual(plainDecode(bytes, start, end), sent))
    }),
    { numRuns: times(5, 30) },
  )
})

test('bytes that the plain decoder takes are well-formed, and are what the library reads in them', (t) => {
  const damaged = fc
    .tuple(plain, fc.nat(), fc.nat(255))
    .map(([sent, place, byte]) => {
      const bytes = Uint8Array.from(library.encode(sent))
      bytes[place % bytes.length] = byte
      return bytes
    })
    .filter(({ length }) => length < 2_000)
  let taken = 0
  fc.assert(
    fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 20 })), (bytes) => {
      const decoded = plainDecode(bytes, 0, bytes.length)
      if (decoded === NOT_PLAIN) return
      taken++
      checkWellFormed(bytes)
      t.true(isDeepStrictEqual(decoded, library.decode(bytes)))
    }),
    { numRuns: 1_000 },
  )
  t.true(taken > 50)
})

test('what is not plain is left to others, wherever it stands', (t) => {
  class Point {
    readonly x = 1
  }
  for (const odd of [new Date(0), new Map(), 1n, new Uint8Array(1), new Point(), () => {}, Object.create(null)]) {
    t.is(plainEncode(odd), null)
    t.is(plainEncode({ list: [1, 'text', odd] }), null)
  }
})

test('a getter that encodes something itself, or throws, spoils nothing', (t) => {
  const nosy = {
    get inner() {
      return plainEncode('inner') === null ? 'left to others' : 'encoded'
    },
  }
  const angry = {
    get inner(): never {
      throw new Error('no')
    },
  }

  const { bytes, start, end } = plainEncode([nosy])!
  t.deepEqual(plainDecode(bytes, start, end), [{ inner: 'left to others' }])
  t.is(plainEncode([angry]), null)
  const after = plainEncode('after')!
  t.is(plainDecode(after.bytes, after.start, after.end), 'after')
})

test('arrays in arrays that all say they hold millions take no memory', (t) => {
  const bytes = new Uint8Array(1_000_000)
  for (let i = 0; i < 60; i++) bytes.set([0x9a, 0, 0x0e, 0, 0], 5 * i)
  const before = process.memoryUsage().heapUsed

  t.is(plainDecode(bytes, 0, bytes.length), NOT_PLAIN)

  t.true(process.memoryUsage().heapUsed - before < 50_000_000)
})

test('objects of any number of keys, of any kind of key, arrive as the library would have them arrive', (t) => {
  for (const count of [0, 1, 23, 24, 255, 256, 5_000]) {
    for (const key of ['k', 'a key of more than 23 letters ', 'ü', '漢字']) {
      const sent = [Object.fromEntries(Array.from({ length: count }, (_, i) => [`${key}${i}`, i])), { after: key }]
      const { bytes, start, end } = plainEncode(sent)!
      t.true(isDeepStrictEqual(library.decode(bytes.slice(start, end)), sent))
      t.true(isDeepStrictEqual(plainDecode(bytes, start, end), sent))
    }
  }
})

test('texts of each short length arrive, whatever letter in them is no ASCII', (t) => {
  for (let length = 0; length <= 45; length++) {
    for (let odd = -1; odd < length; odd++) {
      const sent = { text: Array.from({ length }, (_, i) => (i === odd ? 'ß' : String.fromCharCode(97 + i))).join('') }
      const { bytes, start, end } = plainEncode(sent)!
      if (!isDeepStrictEqual(plainDecode(bytes, start, end), sent)) t.fail(`${length} letters, ${odd} is odd`)
      // By itself, and so at the end of all bytes there are.
      const alone = Buffer.from(bytes.slice(start, end))
      if (!isDeepStrictEqual(plainDecode(alone, 0, alone.length), sent)) t.fail(`${length} letters, ${odd} is odd`)
    }
  }
  t.pass()
})

test.serial('what somebody has given to all objects is no part of a message', (t) => {
  Object.defineProperty(Object.prototype, 'everywhere', { value: 1, enumerable: true, configurable: true })
  try {
    t.is(plainEncode({ own: 1 }), null)
  } finally {
    Reflect.deleteProperty(Object.prototype, 'everywhere')
  }
  t.not(plainEncode({ own: 1 }), null)
})
