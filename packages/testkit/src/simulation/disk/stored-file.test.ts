import { SeededRandom } from '@troupe/core'
import test from 'ava'
import fc from 'fast-check'
import { PAGE_BYTES, SECTOR_BYTES, StoredFile } from './stored-file.ts'

const EVEN = { kept: 1, dropped: 1, torn: 1 }

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ append: fc.oneof(fc.nat(300), fc.nat(5_000)) }) },
  { weight: 2, arbitrary: fc.record({ truncate: fc.nat(1_000) }) },
  { weight: 2, arbitrary: fc.constant('sync' as const) },
  { weight: 2, arbitrary: fc.constant('crash' as const) },
)
// Without fast-check's liking for short lists and small numbers: what goes wrong needs many pages and a history.
const steps = fc.noBias(fc.array(step, { minLength: 10, maxLength: 30 }))
const weights = fc.constantFrom(EVEN, { kept: 1, dropped: 1, torn: 0 }, { kept: 0, dropped: 1, torn: 0 })

/** The obvious twin: what is in the file, what was when it was synced, and the shortest it has been since. */
interface Twin {
  present: Uint8Array
  durable: Uint8Array
  lowest: number
}

test('what was synced survives any crash; the rest is kept, lost or torn page by page, and nothing else', (t) => {
  fc.assert(
    fc.property(fc.nat(), weights, steps, (seed, fates, steps) => {
      const random = new SeededRandom(seed)
      const file = new StoredFile('log')
      const twin: Twin = { present: new Uint8Array(0), durable: new Uint8Array(0), lowest: 0 }
      let written = 0
      for (const todo of steps) {
        if (todo === 'sync') {
          file.sync()
          settle(twin, twin.present)
        } else if (todo === 'crash') {
          file.crash(random, fates)
          const left = contentOf(file)
          if (!isAllowed(twin, left, fates.torn > 0)) return false
          settle(twin, left)
        } else if ('append' in todo) {
          const bytes = Uint8Array.from({ length: todo.append }, () => 1 + (written++ % 255))
          file.append(bytes)
          twin.present = Uint8Array.from(Buffer.concat([twin.present, bytes]))
        } else {
          const size = Math.floor((twin.present.byteLength * todo.truncate) / 1_000)
          file.truncate(size)
          twin.present = twin.present.slice(0, size)
          twin.lowest = Math.min(twin.lowest, size)
        }
        if (!equal(contentOf(file), twin.present)) return false
      }
      return true
    }),
    { numRuns: 150 },
  )
  t.pass()
})

test('each fate befalls pages, an end too far with nothing in it too, and equal seeds leave equal files', (t) => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 60; seed++) {
    const left = [0, 1].map(() => {
      const file = new StoredFile('log')
      file.append(new Uint8Array(3 * PAGE_BYTES).fill(1))
      file.crash(new SeededRandom(seed), EVEN)
      return contentOf(file)
    })
    t.deepEqual(left[0], left[1])
    const sizeBytes = left[0]!.byteLength
    if (sizeBytes % PAGE_BYTES !== 0) seen.add('ends within a page')
    if (sizeBytes > 0 && left[0]![sizeBytes - 1] === 0) seen.add('ends with zeros')
    for (let page = 0; page * PAGE_BYTES < sizeBytes; page++) {
      const ones = left[0]!.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES).reduce((sum, byte) => sum + byte, 0)
      seen.add(ones === 0 ? 'dropped' : ones === PAGE_BYTES ? 'kept' : 'torn')
      t.is(ones % SECTOR_BYTES, 0)
    }
  }
  t.deepEqual([...seen].sort(), ['dropped', 'ends with zeros', 'ends within a page', 'kept', 'torn'])
})

test('a cut that was not synced is undone or kept, and what was written behind it may be mixed with what was before', (t) => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 60; seed++) {
    const file = new StoredFile('log')
    file.append(new Uint8Array(4 * PAGE_BYTES).fill(1))
    file.sync()
    file.truncate(PAGE_BYTES)
    file.append(new Uint8Array(PAGE_BYTES).fill(2))
    file.crash(new SeededRandom(seed), EVEN)

    const left = contentOf(file)
    t.true(left.subarray(0, PAGE_BYTES).every((byte) => byte === 1))
    const written = new Set(left.subarray(PAGE_BYTES, 2 * PAGE_BYTES))
    if (left.byteLength === 4 * PAGE_BYTES) {
      t.true(left.subarray(2 * PAGE_BYTES).every((byte) => byte === 1))
      t.false(written.has(0))
      seen.add(written.size === 2 ? 'undone, mixed' : 'undone')
    } else {
      t.true(left.byteLength <= 2 * PAGE_BYTES)
      t.false(written.has(1))
      seen.add(written.has(2) ? 'cut, written' : 'cut')
    }
  }
  t.deepEqual([...seen].sort(), ['cut', 'cut, written', 'undone', 'undone, mixed'])
})

test('after a failed sync a page is as it comes, later syncs pass over it, and one that is written again is synced', (t) => {
  const outcomes = new Set<string>()
  for (let seed = 0; seed < 40; seed++) {
    const file = new StoredFile('log')
    file.append(new Uint8Array(2 * PAGE_BYTES).fill(1))
    file.failSync()
    file.truncate(PAGE_BYTES)
    file.append(new Uint8Array(PAGE_BYTES).fill(2))
    t.deepEqual(file.unsynced, [1])
    file.sync()
    file.crash(new SeededRandom(seed), EVEN)

    const left = contentOf(file)
    t.is(left.byteLength, 2 * PAGE_BYTES)
    t.true(left.subarray(PAGE_BYTES).every((byte) => byte === 2))
    outcomes.add(left.subarray(0, PAGE_BYTES).every((byte) => byte === 1) ? 'kept' : left[0] === 0 ? 'lost' : 'torn')
  }
  t.true(outcomes.has('kept') && outcomes.has('lost'))
})

test('a corrupted page differs by one bit, and a misdirected one stands on another and leaves a hole', (t) => {
  const file = new StoredFile('log')
  file.append(new Uint8Array(PAGE_BYTES + 100).fill(1))
  file.corrupt(1, new SeededRandom(1))
  const differing = [...contentOf(file)].filter((byte) => byte !== 1)
  t.is(differing.length, 1)
  t.true([0, 3, 5, 9, 17, 33, 65, 129].includes(differing[0]!))

  const other = new StoredFile('log')
  other.append(new Uint8Array(PAGE_BYTES + 100).fill(1))
  other.append(new Uint8Array(50).fill(2))
  other.misdirect(1, 0, PAGE_BYTES + 100)
  t.deepEqual(other.read(99, 52), Uint8Array.from([1, ...new Array<number>(50).fill(2), 1]))
  t.deepEqual(other.read(PAGE_BYTES + 99, 99), Uint8Array.from([1, ...new Array<number>(50).fill(0)]))
})

/** Whether every page of what is left is what the twin says it may be, for one of the two fates of a cut. */
function isAllowed({ present, durable, lowest }: Twin, left: Uint8Array, torn: boolean): boolean {
  const unit = torn ? SECTOR_BYTES : PAGE_BYTES
  return [durable, durable.slice(0, lowest)].some((old) => {
    const longest = Math.max(present.byteLength, old.byteLength)
    if (left.byteLength > longest || left.byteLength < old.byteLength) return false
    for (let from = 0; from < longest; from += unit) {
      const found = part(left, from, unit)
      const isOld = equal(found, part(old, from, unit))
      if (!isOld && !(from < present.byteLength && isNew(found, old, present, from, unit))) return false
    }
    return true
  })
}

/** Of a page that was kept, sectors behind the end were never written. */
function isNew(found: Uint8Array, old: Uint8Array, present: Uint8Array, from: number, unit: number): boolean {
  for (let at = 0; at < unit; at += SECTOR_BYTES) {
    const source = from + at < present.byteLength ? present : old
    if (!equal(found.subarray(at, at + SECTOR_BYTES), part(source, from + at, SECTOR_BYTES))) return false
  }
  return true
}

function settle(twin: Twin, content: Uint8Array): void {
  twin.present = content
  twin.durable = content
  twin.lowest = content.byteLength
}

/** Zeros where it has ended. */
function part(bytes: Uint8Array, from: number, length: number): Uint8Array {
  const out = new Uint8Array(length)
  out.set(bytes.subarray(from, from + length))
  return out
}

function contentOf(file: StoredFile): Uint8Array {
  return file.read(0, file.sizeBytes)
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
