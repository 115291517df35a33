import test from 'ava'
import { commonFeatures, commonLimits, commonVersion, DIALECT, largestMessage, versionRange } from './dialect.ts'

test('a link speaks the highest version that both sides know', (t) => {
  const ours = { min: 2, max: 4 }

  t.is(commonVersion({ min: 1, max: 3 }, ours), 3)
  t.is(commonVersion({ min: 4, max: 9 }, ours), 4)
  t.is(commonVersion({ min: 0, max: 9 }, ours), 4)
  for (const none of [
    { min: 5, max: 9 },
    { min: 0, max: 1 },
    { min: 9, max: 3 },
  ])
    t.is(commonVersion(none, ours), null)
  t.deepEqual([versionRange(ours), versionRange({ min: 3, max: 3 })], ['2 to 4', '3'])
})

test('a link uses the features that both sides have; bits that one side does not know are no fault (law 17)', (t) => {
  t.is(commonFeatures({ features: 0b1011 }, 0b0110), 0b0010)
  t.is(commonFeatures({ features: 2 ** 40 + 1 }, 0b0011), 1)
  t.is(commonFeatures({}, 0b0110), 0)
})

test('a link keeps to what both sides take; one that has said nothing of it takes what the other does', (t) => {
  const ours = { messageBytes: 1_000, frameBytes: 5_000 }

  t.deepEqual(commonLimits({ messageBytes: 500, frameBytes: 9_000 }, ours), { messageBytes: 500, frameBytes: 5_000 })
  t.deepEqual(commonLimits({}, ours), ours)
  t.is(largestMessage(DIALECT), DIALECT.messageBytes)
  const half = { ...DIALECT, frameBytes: DIALECT.messageBytes / 2 }
  t.is(largestMessage(half), DIALECT.messageBytes)
  t.true(largestMessage({ ...half, features: 0 }) < half.frameBytes)
})
