import { isDeepStrictEqual } from 'node:util'
import test from 'ava'
import fc from 'fast-check'
import { times } from '../../../../scripts/slow-suite.ts'
import { GoneTarget } from '../actor/gone-target.ts'
import { LocalRef } from '../actor/local-ref.ts'
import { ActorRef } from '../actor/ref.ts'
import { ALL_PARTS } from '../all-parts.ts'
import { MalformedFrameError, NotSerializableError } from '../errors.ts'
import { LocalSystem } from '../system/local-system.ts'
import { checkSystemOptions } from '../system/system-options.ts'
import type { RefParts } from './cbor.ts'
import type { Encoded } from './encoded.ts'
import { fastCbor } from './fast-cbor.ts'
import { checkWellFormed } from './well-formed.ts'

const cbor = fastCbor()

const noRef = (): never => {
  throw new MalformedFrameError('no ref expected')
}

function there(value: unknown): unknown {
  return cbor.decode(cbor.encode(value, 'm'), noRef)
}

/** The bytes of a hex string; spaces allowed. */
function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
}

const leaf = fc.oneof(
  fc.constantFrom(undefined, null, true, false, '', 0, 2 ** 31, 2 ** 32, -(2 ** 31) - 1, 2 ** 53, Infinity, NaN),
  fc.integer(),
  fc.double().map((value) => (Object.is(value, -0) ? 0 : value)),
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 300 }),
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

test('every value that has a CBOR form arrives equal, whatever is nested in it', (t) => {
  fc.assert(
    fc.property(value, (sent) => isDeepStrictEqual(there(sent), sent)),
    { numRuns: times(50, 500) },
  )
  t.pass()
})

test('what encode makes passes the scanner and ends exactly at its end', (t) => {
  fc.assert(fc.property(value, (sent) => checkWellFormed(cbor.encode(sent, 'm'))))
  t.pass()
})

test('the bytes of a value are the same whatever was encoded, decoded or refused before', (t) => {
  fc.assert(
    fc.property(value, value, (sent, other) => {
      const alone = Uint8Array.from(cbor.encode(sent, 'm'))
      there(other)
      try {
        cbor.encode([other, () => {}], 'm')
      } catch {
        // A function has no CBOR form.
      }
      return isDeepStrictEqual(Uint8Array.from(cbor.encode(sent, 'm')), alone)
    }),
  )
  t.pass()
})

test('bytes arrive as Uint8Array, also from a Buffer, as a view of the frame', (t) => {
  const frame = Buffer.from(cbor.encode({ bytes: new Uint8Array([1, 2, 3]) }, 'm'))
  const { bytes } = cbor.decode(frame, noRef) as { bytes: Uint8Array }

  t.is(bytes.constructor, Uint8Array)
  t.is(bytes.buffer, frame.buffer)
})

test('-0 arrives as 0', (t) => {
  t.true(Object.is(there(-0), 0))
  t.deepEqual(there([-0]), [0])
})

test('an object of a class arrives as a plain object of its own fields', (t) => {
  class Point {
    readonly x = 1
    get twice(): number {
      return this.x * 2
    }
  }

  t.deepEqual(there(new Point()), { x: 1 })
})

test('an error arrives with its name and message, and no stack', (t) => {
  const sent = new RangeError('too much')
  const arrived = there({ error: sent }) as { error: Error }

  t.true(arrived.error instanceof Error)
  t.is(arrived.error.name, 'RangeError')
  t.is(arrived.error.message, 'too much')
  t.false(arrived.error.stack?.includes(sent.stack?.split('\n')[1] ?? '?') ?? false)
})

test('a key named __proto__ changes no prototype, neither of the value nor of all objects (law 18)', (t) => {
  const arrived = cbor.decode(hex('a1 69 5f5f70726f746f5f5f a1 68 706f6c6c75746564 f5'), noRef) as object

  t.is(Object.getPrototypeOf(arrived), Object.prototype)
  t.false('polluted' in arrived)
  t.false('polluted' in {})
  const nested = there({ constructor: { prototype: { polluted: true } } })
  t.deepEqual(nested, { constructor: { prototype: { polluted: true } } })
  t.false('polluted' in {})
})

test('what has no CBOR form throws NotSerializableError with the path to it', (t) => {
  const cycle: { list: unknown[] } = { list: [1] }
  cycle.list.push(cycle)
  let deep: unknown = 'bottom'
  for (let i = 0; i < 65; i++) deep = [deep]
  let abyss: unknown = 'bottom'
  for (let i = 0; i < 100_000; i++) abyss = { abyss }
  const cases: readonly (readonly [payload: unknown, message: RegExp])[] = [
    [() => 1, /message "m" cannot be encoded: payload is a function/],
    [{ items: [0, { onClick: () => 1 }] }, /payload\.items\[1\]\.onClick is a function/],
    [new Map([['k', Symbol('s')]]), /payload\.get\(k\) is a symbol/],
    [new Set([() => 1]), /payload\.values\(\) is a function/],
    [{ a: { pattern: /x/ } }, /payload\.a\.pattern is a RegExp/],
    [{ rows: Promise.resolve(1) }, /payload\.rows is a promise \(await it first\)/],
    [[new WeakMap()], /payload\[0\] is a WeakMap/],
    [{ cycle }, /payload\.cycle\.list\[1\] is part of itself/],
    [deep, /payload(\[0\]){65} is nested deeper than 64|payload is .*nested deeper than 64/],
    [abyss, /nested deeper than 64/],
    [{ n: 1n << 9000n }, /payload\.n is over 1024 bytes long/],
  ]

  for (const [payload, message] of cases) {
    const error = t.throws(() => cbor.encode(payload, 'm'), { instanceOf: NotSerializableError, message })
    t.is(error.code, 'NOT_SERIALIZABLE')
    t.true(error.path.startsWith('payload'))
  }
  t.deepEqual(there({ after: 'all that' }), { after: 'all that' })
})

test('nesting of 60 and big integers of 1,000 bytes pass both ways', (t) => {
  let deep: unknown = 'bottom'
  for (let i = 0; i < 60; i++) deep = [deep]
  const large = -(1n << 7990n)

  t.deepEqual(there(deep), deep)
  t.is(there(large), large)
})

test('a ref arrives as what the receiver makes of its address, node, path and uid', (t) => {
  const system = new LocalSystem(checkSystemOptions({ name: 'a', log: false }, ALL_PARTS), ALL_PARTS)
  const ref = new LocalRef<never>(new GoneTarget(system, 7, '/user/x'))
  const resolved: RefParts[] = []

  const arrived = cbor.decode(cbor.encode({ deep: [new Map([['ref', ref]])] }, 'm'), (parts) => {
    resolved.push(parts)
    return ref
  }) as { deep: [Map<string, unknown>] }

  t.deepEqual(resolved, [{ address: '', nodeUid: system.uid, path: '/user/x', uid: 7 }])
  t.true(arrived.deep[0].get('ref') instanceof ActorRef)
})

test('each node has a codec of its own: what one encodes in the midst of what another encodes is none of that one', (t) => {
  const [a, b] = ['a', 'b'].map(
    (name) => new LocalSystem(checkSystemOptions({ name, log: false }, ALL_PARTS), ALL_PARTS),
  )
  const refs = [a!, b!].map((system, i) => new LocalRef<never>(new GoneTarget(system, 7 + i, '/user/x')))
  let inner: Encoded | null = null
  const value = {
    get first() {
      inner ??= b!.cbor.encodePart(new Map([['ref', refs[1]]]), 'inner')
      return 'first'
    },
    ref: refs[0],
    last: new Set([1]),
  }
  const left: RefParts[] = []
  const arrived: RefParts[] = []
  const resolve = (parts: RefParts): LocalRef<never> => {
    arrived.push(parts)
    return refs[0]!
  }

  const outer = a!.cbor.encodePartNoting(value, 'outer', (parts) => left.push(parts))

  t.not(a!.cbor, b!.cbor)
  t.deepEqual(
    left.map(({ nodeUid }) => nodeUid),
    [a!.uid],
  )
  t.deepEqual(b!.cbor.decodePart(outer, resolve), { first: 'first', ref: refs[0], last: new Set([1]) })
  t.deepEqual(a!.cbor.decodePart(inner!, resolve), new Map([['ref', refs[0]]]))
  t.deepEqual(
    arrived.map(({ nodeUid }) => nodeUid),
    [a!.uid, b!.uid],
  )
})

test('what a getter sends while its payload is encoded is sent, or an error: never bytes among others', (t) => {
  const a = fastCbor()
  for (const sent of [{ plain: 1 }, new Map([['not', 'plain']])]) {
    const seen: unknown[] = []
    const value = {
      get nosy() {
        try {
          seen.push(there(sent))
        } catch (error) {
          seen.push(error)
        }
        return seen.length
      },
      rest: new Set([1, 2]),
    }

    const arrived = a.decode(a.encode(value, 'outer'), noRef) as { nosy: number }

    t.deepEqual(arrived, { nosy: seen.length, rest: new Set([1, 2]) })
    for (const each of seen) if (!(each instanceof NotSerializableError)) t.deepEqual(each, sent)
    t.is(seen.length, 2)
  }
})

test('a ref of wrong pieces, and one where none may be, is malformed', (t) => {
  for (const bytes of ['d95470 01', 'd95470 80', 'd95470 84 01 02 03 04', 'd95470 83 60 60 60'])
    t.throws(() => cbor.decode(hex(bytes), noRef), {
      instanceOf: MalformedFrameError,
      message: /a ref of wrong pieces|out of place/,
    })
})

test('malformed items are refused with the reason, before the decoder sees them', (t) => {
  const cases: readonly (readonly [what: string, bytes: string, why: RegExp])[] = [
    ['nothing at all', '', /cut off/],
    ['a head without its length', '19 01', /cut off/],
    ['a string longer than the frame', '7a ffffffff 61', /beyond its end/],
    ['bytes of 2^64 - 1', '5b ffffffffffffffff', /beyond its end/],
    ['an array of 4 billion', '9a ffffffff', /beyond its end/],
    ['a map of 2^63', 'bb 8000000000000000', /beyond its end/],
    ['a map whose last value is missing', 'a2 01 02 03', /beyond its end|cut off/],
    ['an endless array without its end', '9f 01', /cut off/],
    ['a string in pieces', '7f 61 61 ff', /without a length/],
    ['a break with nothing to break', 'ff', /without a length/],
    ['a reserved length', '1c', /reserved/],
    ['a second item', '01 02', /1 bytes after its end/],
    ['tag 27, any class by its name', 'd81b 83 66 526567457870 61 78 61 67', /tag 27 is not allowed/],
    ['tag 6, a packed reference', 'c6 00', /tag 6 is not allowed/],
    ['a record definition', 'd9dfff 83 01 02 03', /tag 57343 is not allowed/],
    ['a shared reference', 'd81d 00', /tag 29 is not allowed/],
    ['a tag of 8 bytes', 'db 0000000100000002 00', /tag 4294967298 is not allowed/],
    ['arrays 100 deep', `${'81'.repeat(100)}00`, /nested deeper than 64/],
    ['a million arrays deep', '81'.repeat(1_000_000), /nested deeper than 64/],
    ['endless arrays 100 deep', '9f'.repeat(100), /nested deeper than 64/],
    ['allowed tags 100 deep', `${'c1'.repeat(100)}00`, /nested deeper than 64/],
  ]

  for (const [what, bytes, message] of cases)
    t.throws(() => cbor.decode(hex(bytes), noRef), { instanceOf: MalformedFrameError, message }, what)
})

test('a big integer of more than 1,024 bytes is refused, because decoding 256 KiB of one takes many seconds', (t) => {
  const bytes = new Uint8Array(256 * 1024 + 6).fill(255)
  bytes.set([0xc2, 0x5a, 0, 4, 0, 0])

  t.throws(() => cbor.decode(bytes, noRef), { instanceOf: MalformedFrameError, message: /1024 bytes/ })
})

test('random bytes decode to something or are refused as malformed, and nothing else happens', (t) => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), survives), { numRuns: times(300, 3_000) })
  t.deepEqual(there({ still: 'works' }), { still: 'works' })
})

test('mutated and truncated messages decode to something or are refused as malformed, and nothing else happens', (t) => {
  const mutation = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.boolean() })
  fc.assert(
    fc.property(value, fc.array(mutation, { minLength: 1, maxLength: 4 }), (sent, mutations) => {
      let bytes = Uint8Array.from(cbor.encode(sent, 'm'))
      for (const { at, byte, cut } of mutations) {
        if (cut) bytes = bytes.slice(0, at % (bytes.length + 1))
        else if (bytes.length > 0) bytes[at % bytes.length] = byte
      }
      survives(bytes)
    }),
    { numRuns: times(200, 2_000) },
  )
  t.deepEqual(there({ still: 'works' }), { still: 'works' })
})

function survives(bytes: Uint8Array): void {
  try {
    cbor.decode(bytes, noRef)
  } catch (error) {
    if (!(error instanceof MalformedFrameError)) throw error
  }
}

test('every proper prefix of a message is refused: a cut frame never passes for a shorter message', (t) => {
  const bytes = cbor.encode(
    { list: [1, 'two', new Map([[3, new Set([4n])]]), new Date(0)], bytes: new Uint8Array(30) },
    'm',
  )

  for (let length = 0; length < bytes.length; length++)
    t.throws(() => cbor.decode(bytes.subarray(0, length), noRef), { instanceOf: MalformedFrameError })
})

test('1,048,576 arrays, maps, byte strings and tags are the most of one message; more are refused on both sides, at once', (t) => {
  const cbor = fastCbor()
  const decode = (bytes: Uint8Array): unknown => cbor.decode(bytes, () => t.fail() as never)
  const most = 1_048_576
  // An array of so many empty items.
  const many = (count: number, item: number): Uint8Array => {
    const bytes = new Uint8Array(5 + count).fill(item)
    bytes[0] = 0x9a
    new DataView(bytes.buffer).setUint32(1, count)
    return bytes
  }
  for (const [what, item] of Object.entries({ arrays: 0x80, maps: 0xa0, strings: 0x40 })) {
    t.is((decode(many(most - 1, item)) as unknown[]).length, most - 1, what)
    t.is(cbor.objects, most, what)
    t.throws(() => decode(many(most, item)), { code: 'MALFORMED_FRAME', message: /more than 1,048,576 objects/ }, what)
  }
  t.is((decode(many(2 * most, 0x00)) as unknown[]).length, 2 * most)

  const pairs = new Array<readonly unknown[]>(most - 1).fill([])
  t.is(cbor.encode(pairs, 'm').length, most + 4)
  t.throws(() => cbor.encode([...pairs, {}], 'm'), { code: 'NOT_SERIALIZABLE', message: /more than 1,048,576 objects/ })
})
