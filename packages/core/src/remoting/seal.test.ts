import test from 'ava'
import { times } from '../../../../scripts/slow-suite.ts'
import { fastCbor } from '../codec/fast-cbor.ts'
import { MalformedFrameError } from '../errors.ts'
import { SeededRandom } from '../runtime/random.ts'
import { decodeBatch } from './decode-batch.ts'
import { encodeBatch } from './encode-batch.ts'
import { ReceivedNames, SentNames } from './link-names.ts'
import { checksum, seal, sealPart, unseal } from './seal.ts'
import { type Envelope, Kind } from './wire.ts'

const cbor = fastCbor()
const noRef = (): never => {
  throw new MalformedFrameError('no ref expected')
}

const FRAMES = times(300, 3_000)

test('a frame that waits stays as it is, whatever is encoded after it, also where that fails', (t) => {
  const random = new SeededRandom(1)
  const kept: { readonly frame: Uint8Array; readonly copy: Uint8Array; readonly content: unknown }[] = []
  for (let i = 0; i < FRAMES; i++) {
    // Around the sizes at which the encoder takes another buffer, and beyond.
    const size = random.below(i % 50 === 0 ? 40_000 : 400)
    const content = [i, 'x'.repeat(size), new Uint8Array(size).fill(i)]
    const frame = seal(cbor, content, 'kept')
    kept.push({ frame, copy: new Uint8Array(frame), content })
    t.throws(() => seal(cbor, ['y'.repeat(size), () => {}], 'refused'))
    // Code of a message may encode as well, in the midst of an encode.
    t.throws(() =>
      seal(
        cbor,
        {
          before: 'a',
          get inner() {
            return seal(cbor, 'z'.repeat(size), 'inner') && (() => {})
          },
        },
        'nested',
      ),
    )
  }

  for (const { frame, copy, content } of kept) {
    if (Buffer.compare(frame, copy) !== 0) t.fail('overwritten')
    if (Buffer.compare(seal(cbor, content, 'again'), copy) !== 0) t.fail('not what it was made of')
  }
  t.is(kept.length, FRAMES)
})

const part = (length: number) => ({ bytes: new Uint8Array(length).fill(1), start: 0, end: length })
const envelopes: readonly Envelope[] = [
  [Kind.tell, '/user/a', 'write', part(3)],
  [Kind.ask, 7, 'read', part(20), 4, 1_000],
  [Kind.failure, 4, 'timeout', 'late', 'AskError', null],
]

test('of a frame with up to four bytes damaged next to each other nothing is taken for something else', (t) => {
  const frame = encodeBatch(envelopes, new SentNames())
  let tried = 0
  for (let at = 0; at < frame.length; at++) {
    for (let bit = 0; bit < 32; bit++) {
      const damaged = new Uint8Array(frame)
      for (let i = 0; i < 4 && at + i < frame.length; i++) damaged[at + i]! ^= (0x9e3779b1 * (bit + 1)) >>> (8 * i)
      damaged[at]! ^= 1 << (bit & 7)
      if (Buffer.compare(damaged, frame) === 0) continue
      tried++
      t.throws(() => decodeBatch(damaged, new ReceivedNames()), { instanceOf: MalformedFrameError })
    }
    t.throws(() => decodeBatch(frame.subarray(0, at), new ReceivedNames()), { instanceOf: MalformedFrameError })
  }
  t.true(tried > 31 * frame.length)
})

test('whoever makes the checksum fit gets a batch or a refusal, whatever the bytes, and no other error', (t) => {
  const random = new SeededRandom(2)
  const frame = encodeBatch(envelopes, new SentNames())
  let taken = 0
  for (let i = 0; i < 20_000; i++) {
    const forged = new Uint8Array(frame)
    for (let n = 1 + random.below(4); n > 0; n--) forged[6 + random.below(forged.length - 6)] = random.below(256)
    const sum = checksum(forged)
    new DataView(forged.buffer).setUint32(2, sum)
    try {
      decodeBatch(forged, new ReceivedNames())
      taken++
    } catch (error) {
      if (!(error instanceof MalformedFrameError)) throw error
    }
  }
  t.true(taken > 0 && taken < 20_000, `${taken}`)
})

test('the checksum is the same number whether a frame is read word by word or byte by byte, wherever it lies', (t) => {
  const random = new SeededRandom(3)
  for (let length = 7; length < 600; length++) {
    const bytes = Uint8Array.from({ length: length + 3 }, () => random.below(256))
    const sums = [0, 1, 2, 3].map((shift) => {
      const moved = new Uint8Array(length + 8)
      moved.set(bytes.subarray(0, length), shift)
      return checksum(moved.subarray(shift, shift + length))
    })
    const sealedByView = new Uint8Array(bytes.subarray(0, length))
    const view = new DataView(sealedByView.buffer)
    sealPart(sealedByView, view, 0, length)
    if (new Set([...sums, view.getUint32(2)]).size > 1) t.fail(`${length} bytes`)
  }
  t.pass()
})

test('the least frame has a content; its checksum stands in four bytes, however small it is', (t) => {
  t.is(unseal(cbor, seal(cbor, null, 'least'), noRef), null)
  for (let i = 0; i < 2_000; i++) t.is(unseal(cbor, seal(cbor, i, 'number'), noRef), i)
})
