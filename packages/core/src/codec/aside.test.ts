import test from 'ava'
import fc from 'fast-check'
import { actor } from '../actor/actor.ts'
import { createSystem } from '../create-system.ts'
import { MalformedFrameError, NotSerializableError } from '../errors.ts'
import { decodeAside, encodeAside } from './cbor.ts'

test('a value encoded with its refs beside it arrives as it was, with the very same refs', async (t) => {
  const system = await createSystem({ name: 'a', log: false })
  const refs = [1, 2].map(() => system.spawn(actor('one', () => ({}))))
  const leaf = fc.oneof(fc.integer(), fc.string(), fc.constantFrom(...refs))
  fc.assert(
    fc.property(
      fc.oneof(leaf, fc.array(leaf), fc.dictionary(fc.string(), leaf, { noNullPrototype: true })),
      (value) => {
        const aside = encodeAside(value, 'message')
        // Something else is encoded meanwhile.
        encodeAside('x'.repeat(100), 'message')
        t.deepEqual(decodeAside(aside), value)
        return true
      },
    ),
    { numRuns: 100 },
  )
  const { bytes } = encodeAside({ ref: refs[0] }, 'message')
  t.throws(() => decodeAside({ bytes, refs: [] }), { instanceOf: MalformedFrameError })
  for (const wrong of [null, {}, { bytes: [1], refs: [] }, { bytes, refs: [1] }])
    t.throws(() => decodeAside(wrong as never), { instanceOf: MalformedFrameError })
  t.throws(() => encodeAside(() => 1, 'message'), { instanceOf: NotSerializableError })
  await system.stop()
})
