import test from 'ava'
import fc from 'fast-check'
import { parseRange } from './byte-range.ts'

test('a range is a first and a last byte, a beginning, or so many bytes of the end', (t) => {
  t.deepEqual(parseRange('bytes=0-9', 100), { start: 0, end: 10 })
  t.deepEqual(parseRange('bytes=90-', 100), { start: 90, end: 100 })
  t.deepEqual(parseRange('bytes=90-1000', 100), { start: 90, end: 100 })
  t.deepEqual(parseRange('bytes=-10', 100), { start: 90, end: 100 })
  t.deepEqual(parseRange('bytes=-1000', 100), { start: 0, end: 100 })
})

test('a range behind the end cannot be had, and anything else means the whole file', (t) => {
  for (const header of ['bytes=100-', 'bytes=100-200', 'bytes=-0']) t.is(parseRange(header, 100), 'unsatisfiable')
  for (const header of [undefined, '', 'bytes=', 'bytes=-', 'bytes=9-1', 'bytes=0-1,5-6', 'lines=1-2', 'bytes=a-b'])
    t.is(parseRange(header, 100), null)
  t.is(parseRange('bytes=0-', 0), 'unsatisfiable')
})

test('every range that is understood lies within the file and is not empty', (t) => {
  fc.assert(
    fc.property(fc.option(fc.nat()), fc.option(fc.nat()), fc.nat(1_000), (first, last, sizeBytes) => {
      const range = parseRange(`bytes=${first ?? ''}-${last ?? ''}`, sizeBytes)
      if (range === null || range === 'unsatisfiable') return true
      return range.start >= 0 && range.start < range.end && range.end <= sizeBytes
    }),
  )
  t.pass()
})
