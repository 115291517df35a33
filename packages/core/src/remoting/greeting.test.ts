import test from 'ava'
import { commonFeatures, commonVersion } from './greeting.ts'

test('a link speaks the highest version that both sides know', (t) => {
  t.is(commonVersion({ min: 1, max: 1 }), 1)
  t.is(commonVersion({ min: 0, max: 7 }), 1)
  t.is(commonVersion({ min: 2, max: 7 }), null)
  t.is(commonVersion({ min: 0, max: 0 }), null)
  t.is(commonVersion({ min: 7, max: 1 }), null)
})

test('a link uses the features that both sides have; bits that one side does not know are no fault (law 17)', (t) => {
  t.is(commonFeatures({ features: 0b1011 }, 0b0110), 0b0010)
  t.is(commonFeatures({ features: 2 ** 40 + 1 }, 0b0011), 1)
  t.is(commonFeatures({}, 0b0110), 0)
  t.is(commonFeatures({ features: 0b1011 }), 0)
})
