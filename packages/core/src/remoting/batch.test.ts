import test from 'ava'
import fc from 'fast-check'
import { decodePart } from '../codec/cbor.ts'
import { MalformedFrameError } from '../errors.ts'
import { decodeBatch } from './decode-batch.ts'
import { encodeBatch } from './encode-batch.ts'
import { CONTENT_AT, sealInPlace } from './seal.ts'
import { type Envelope, encodePayload, Kind } from './wire.ts'

const refuse = (): never => {
  throw new MalformedFrameError('no ref expected')
}

/** Envelopes with their payloads decoded, to compare. */
function plain(envelopes: readonly Envelope[]): unknown[] {
  return envelopes.map((envelope) =>
    envelope.map((field) =>
      typeof field === 'object' && field !== null && 'bytes' in field ? decodePart(field, refuse) : field,
    ),
  )
}

const number = fc.oneof(fc.integer(), fc.nat(30), fc.double({ noNaN: true, min: 0.5 }), fc.constant(2 ** 40))
const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('get', 'put'))
const payload = fc.oneof(fc.jsonValue(), fc.string({ maxLength: 300 })).map((value) => encodePayload(value, 'm'))
const to = fc.oneof(number, text)
const envelope: fc.Arbitrary<Envelope> = fc.oneof(
  fc.tuple(fc.constant(Kind.tell), to, text, payload),
  fc.tuple(fc.constant(Kind.ask), to, text, payload, number, number),
  fc.tuple(fc.constant(Kind.reply), number, payload),
  fc.tuple(fc.constant(Kind.failure), number, text, text, text, fc.option(text)),
  fc.tuple(fc.constant(Kind.watch), to, number, number),
  fc.tuple(fc.constant(Kind.unwatch), number),
  fc.tuple(fc.constant(Kind.terminated), number, text),
  fc.tuple(fc.constant(Kind.offer), to, text, payload),
  fc.tuple(fc.constant(Kind.chunk), number, number, number, payload),
  fc.tuple(fc.constant(Kind.join), number),
  fc.tuple(fc.constant(Kind.credit), fc.integer(), number, number),
  fc.constantFrom([Kind.ping] as const, [Kind.pong] as const, [Kind.bye] as const),
)

/** A frame whose checksum fits, whatever it holds. */
function sealed(content: readonly number[]): Uint8Array {
  const frame = Uint8Array.of(...new Uint8Array(CONTENT_AT), ...content)
  sealInPlace(frame)
  return frame
}

test('what a frame carries arrives as it was, in order', (t) => {
  fc.assert(
    fc.property(fc.array(envelope, { maxLength: 40 }), (sent) => {
      t.deepEqual(plain(decodeBatch(encodeBatch(sent))), plain(sent))
    }),
    { numRuns: 300 },
  )
})

test('bytes whose checksum fits are envelopes or a MalformedFrameError, whatever they are', (t) => {
  const damaged = fc
    .tuple(fc.array(envelope, { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat(255), fc.nat(3))
    .map(([sent, place, byte, cut]) => {
      const frame = Array.from(encodeBatch(sent).subarray(CONTENT_AT))
      frame[place % frame.length] = byte
      return frame.slice(0, frame.length - cut)
    })
  let refused = 0
  fc.assert(
    fc.property(fc.oneof(damaged, fc.array(fc.nat(255), { maxLength: 60 })), (content) => {
      try {
        for (const { length } of decodeBatch(sealed(content))) t.true(length > 0)
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
  const messages = Array.from({ length: 100 }, (_, i): Envelope => [Kind.tell, 4_711, name, encodePayload({ i }, name)])
  const payloadBytes = messages.reduce((sum, [, , , encoded]) => {
    const { start, end } = encoded as { start: number; end: number }
    return sum + end - start
  }, 0)

  t.true(encodeBatch(messages).length - payloadBytes <= 12 * messages.length)
})

test('a number that stands for no name, and a frame that says it holds more than it does, are refused', (t) => {
  const unknownName = sealed([0x82, 0, 0x81, 0x84, Kind.tell, 1, 0, 0x41, 1])
  const millions = sealed([0x82, 0, 0x9a, 0xff, 0xff, 0xff, 0xff])

  t.throws(() => decodeBatch(unknownName), { instanceOf: MalformedFrameError, message: /name 0 of 0/ })
  t.throws(() => decodeBatch(millions), { instanceOf: MalformedFrameError })
})

test('fields that a later version has added are passed over', (t) => {
  const frame = sealed([0x82, 0, 0x81, 0x83, Kind.ping, 0x82, 1, 0xf6, 0x61, 0x61])

  t.deepEqual(decodeBatch(frame), [[Kind.ping]])
})
