import { createHash, createHmac } from 'node:crypto'
import test from 'ava'
import fc from 'fast-check'
import { equalInConstantTime, hmacSha256 } from './hmac.ts'
import { sha256 } from './sha256.ts'

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)
const filled = (byte: number, count: number): Uint8Array => new Uint8Array(count).fill(byte)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

// FIPS 180-4 as the examples of NIST have it: one block, two blocks, nothing, and a million letters.
const digests: readonly (readonly [message: Uint8Array, digest: string])[] = [
  [ascii('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    ascii('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'),
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  [ascii(''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  [filled(0x61, 1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
]

test('SHA-256 digests the examples of FIPS 180-4 as stated', (t) => {
  for (const [message, digest] of digests) t.is(hex(sha256(message)), digest)
})

/** Cases 1 to 7 of RFC 4231; of case 5 only the first 16 bytes are stated. */
const codes: readonly (readonly [key: Uint8Array, message: Uint8Array, code: string])[] = [
  [filled(0x0b, 20), ascii('Hi There'), 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  [
    ascii('Jefe'),
    ascii('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [filled(0xaa, 20), filled(0xdd, 50), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
  [
    Uint8Array.from({ length: 25 }, (_, i) => i + 1),
    filled(0xcd, 50),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
  [filled(0x0c, 20), ascii('Test With Truncation'), 'a3b6167473100ee06e0c796c2955552b'],
  [
    filled(0xaa, 131),
    ascii('Test Using Larger Than Block-Size Key - Hash Key First'),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
  [
    filled(0xaa, 131),
    ascii(
      'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
    ),
    '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  ],
]

test('HMAC-SHA-256 makes the codes of RFC 4231', (t) => {
  for (const [key, message, code] of codes) t.is(hex(hmacSha256(key, message)).slice(0, code.length), code)
})

test('digests and codes of any bytes are those of the host', (t) => {
  const bytes = fc.uint8Array({ maxLength: 300 })
  fc.assert(
    fc.property(bytes, bytes, (key, message) => {
      t.is(hex(sha256(message)), createHash('sha256').update(message).digest('hex'))
      t.is(hex(hmacSha256(key, message)), createHmac('sha256', key).update(message).digest('hex'))
    }),
    { numRuns: 200 },
  )
})

test('two byte strings are equal when all of their bytes are', (t) => {
  t.true(equalInConstantTime(ascii('abc'), ascii('abc')))
  t.false(equalInConstantTime(ascii('abc'), ascii('abd')))
  t.false(equalInConstantTime(ascii('abc'), ascii('bbc')))
  t.false(equalInConstantTime(ascii('abc'), ascii('ab')))
})
