import test from 'ava'
import fc from 'fast-check'
import { times } from '../../../../scripts/slow-suite.ts'
import { fastCbor } from '../codec/fast-cbor.ts'
import { MalformedFrameError } from '../errors.ts'
import { decodeBatch } from './decode-batch.ts'
import { encodeBatch } from './encode-batch.ts'
import { ReceivedNames, SentNames } from './link-names.ts'
import { CONTENT_AT, sealPart } from './seal.ts'
import { type Envelope, encodePayload, Kind } from './wire.ts'

const cbor = fastCbor()

const refuse = (): never => {
  throw new MalformedFrameError('no ref expected')
}

/** Envelopes with their payloads decoded, to compare. */
function plain(envelopes: readonly Envelope[]): unknown[] {
  return envelopes.map((envelope) =>
    envelope.map((field) =>
      typeof field === 'object' && field !== null && 'bytes' in field ? cbor.decodePart(field, refuse) : field,
    ),
  )
}

const number = fc.oneof(fc.integer(), fc.nat(30), fc.double({ noNaN: true, min: 0.5 }), fc.constant(2 ** 40))
const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('get', 'put'))
const payload = fc.oneof(fc.jsonValue(), fc.string({ maxLength: 300 })).map((value) => encodePayload(cbor, value, 'm'))
const to = fc.oneof(number, text)
const envelope: fc.Arbitrary<Envelope> = fc.oneof(
  fc.tuple(fc.constant(Kind.tell), to, text, payload),
  fc.tuple(fc.constant(Kind.ask), to, text, payload, number, number),
  fc.tuple(fc.constant(Kind.reply), number, payload),
  fc.tuple(fc.constant(Kind.failure), number, text, text, text, fc.option(text)),
  fc.tuple(fc.constant(Kind.watch), to, number, number),
  fc.tuple(fc.constant(Kind.unwatch), number),
  fc.tuple(fc.constant(Kind.unwatch), number, number),
  fc.tuple(fc.constant(Kind.terminated), number, text),
  fc.tuple(fc.constant(Kind.terminated), number, text, number),
  fc.tuple(fc.constant(Kind.offer), to, text, payload),
  fc.tuple(fc.constant(Kind.chunk), number, number, number, payload),
  fc.tuple(fc.constant(Kind.join), number),
  fc.tuple(fc.constant(Kind.credit), fc.integer(), number, number),
  fc.constantFrom([Kind.ping] as const, [Kind.pong] as const, [Kind.bye] as const),
)

/** A frame whose checksum fits, whatever it holds. */
function sealed(content: readonly number[]): Uint8Array {
  const frame = Uint8Array.of(...new Uint8Array(CONTENT_AT), ...content)
  sealPart(frame, new DataView(frame.buffer), 0, frame.length)
  return frame
}

/** The first frame of a connection. */
function encoded(envelopes: readonly Envelope[]): Uint8Array {
  return encodeBatch(envelopes, new SentNames())
}

function decoded(frame: Uint8Array): readonly Envelope[] {
  return decodeBatch(frame, new ReceivedNames())
}

test('what a frame carries arrives as it was, in order', (t) => {
  fc.assert(
    fc.property(fc.array(fc.array(envelope, { maxLength: 20 }), { maxLength: 4 }), (batches) => {
      const [ours, theirs] = [new SentNames(), new ReceivedNames()]
      for (const sent of batches) t.deepEqual(plain(decodeBatch(encodeBatch(sent, ours), theirs)), plain(sent))
    }),
    { numRuns: times(50, 300) },
  )
})

test('a frame says which system message has come last, also when it carries nothing else', (t) => {
  for (const number of [0, 1, 23, 24, 300, 70_000, 2 ** 31, 2 ** 40]) {
    for (const carried of [[], [[Kind.ping] as const]]) {
      let said = -1
      decodeBatch(encodeBatch(carried, new SentNames(), number), new ReceivedNames(), (acknowledged) => {
        said = acknowledged
      })
      t.is(said, number)
    }
  }
})

test('bytes whose checksum fits are envelopes or a MalformedFrameError, whatever they are', (t) => {
  const damaged = fc
    .tuple(fc.array(envelope, { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat(255), fc.nat(3))
    .map(([sent, place, byte, cut]) => {
      const frame = Array.from(encoded(sent).subarray(CONTENT_AT))
      frame[place % frame.length] = byte
      return frame.slice(0, frame.length - cut)
    })
  let refused = 0
  fc.assert(
    fc.property(fc.oneof(damaged, fc.array(fc.nat(255), { maxLength: 60 })), (content) => {
      try {
        for (const { length } of decoded(sealed(content))) t.true(length > 0)
      } catch (error) {
        refused++
        if (!(error instanceof MalformedFrameError)) throw error
      }
    }),
    { numRuns: 1_000 },
  )
  t.true(refused > 100)
})

test('a small message to a known actor has at most 12 bytes around its payload, with its share of the frame', (t) => {
  const name = 'setQuantity'
  const messages = Array.from(
    { length: 100 },
    (_, i): Envelope => [Kind.tell, 4_711, name, encodePayload(cbor, { i }, name)],
  )
  const payloadBytes = messages.reduce((sum, [, , , encoded]) => {
    const { start, end } = encoded as { start: number; end: number }
    return sum + end - start
  }, 0)

  t.true(encoded(messages).length - payloadBytes <= 12 * messages.length)
})

test('a number that stands for no name, and a frame that says it holds more than it does, are refused', (t) => {
  const unknownName = sealed([0x82, 0, 0x81, 0x84, Kind.tell, 1, 0, 0x41, 1])
  const millions = sealed([0x82, 0, 0x9a, 0xff, 0xff, 0xff, 0xff])

  t.throws(() => decoded(unknownName), { instanceOf: MalformedFrameError, message: /name 0 of 0/ })
  t.throws(() => decoded(millions), { instanceOf: MalformedFrameError })
})

test('a lone message to a known actor whose name has been sent before has 7 bytes around its payload, and a frame of 9', (t) => {
  const names = new SentNames()
  const message: Envelope = [Kind.tell, 4_711, 'setQuantity', encodePayload(cbor, 1, 'setQuantity')]
  encodeBatch([message], names)

  t.is(encodeBatch([message], names).length, 1 + 7 + 9)
})

test('names and paths that do not fit into the table of a connection travel in full, also after it is full', (t) => {
  const [ours, theirs] = [new SentNames(), new ReceivedNames()]
  const payload = encodePayload(cbor, null, 'm')
  const text = fc.oneof(
    fc.nat(400).map((n) => `name ${n}`),
    fc.nat(9).map((n) => 'ü'.repeat(28 + n)),
  )
  const sent = fc.array(fc.tuple(fc.constant(Kind.tell), fc.oneof(text, fc.nat()), text, fc.constant(payload)))
  fc.assert(
    fc.property(sent, (batch) => {
      t.deepEqual(plain(decodeBatch(encodeBatch(batch, ours), theirs)), plain(batch))
    }),
    { numRuns: 300 },
  )
})

test('a peer that defines names without end fills no memory, and one that defines a name twice has two for it', (t) => {
  const names = new ReceivedNames()
  const define = (name: string): readonly Envelope[] => {
    const bytes = [...new TextEncoder().encode(name)]
    return decodeBatch(sealed([0x82, 0, 0x81, 0x84, Kind.tell, 1, 0x78, bytes.length, ...bytes, 0x41, 1]), names)
  }
  const numbered = (...number: number[]) => decodeBatch(sealed([0x82, 0, 0x81, 0x84, 0, 1, ...number, 0x41, 1]), names)
  define('twice')
  define('twice')
  define('long'.repeat(20))
  for (let i = 2; i < 1_000; i++) t.is(define(`name ${i}`)[0]![2], `name ${i}`)

  t.is(numbered(0)[0]![2], 'twice')
  t.is(numbered(1)[0]![2], 'twice')
  t.is(numbered(2)[0]![2], 'name 2')
  t.is(numbered(0x18, 255)[0]![2], 'name 255')
  t.throws(() => numbered(0x19, 1, 0), { instanceOf: MalformedFrameError, message: /name 256 of 256/ })
})

test('what one connection has named is unknown to the next', (t) => {
  const names = new SentNames()
  const message: Envelope = [Kind.tell, '/user/desk', 'note', encodePayload(cbor, 1, 'note')]
  encodeBatch([message], names)
  const second = encodeBatch([message], names)

  t.throws(() => decoded(second), { instanceOf: MalformedFrameError, message: /name 0 of 0/ })
})

test('fields that a later version has added are passed over', (t) => {
  const frame = sealed([0x82, 0, 0x81, 0x83, Kind.ping, 0x82, 1, 0xf6, 0x61, 0x61])

  t.deepEqual(decoded(frame), [[Kind.ping]])
})
