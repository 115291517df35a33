import { InvalidOptionError, UnknownOptionError } from '@troupe/core'
import test from 'ava'
import fc from 'fast-check'
import { DiskAtlas } from './disk-atlas.ts'

const NODES = ['a', 'b', 'c', 'd', 'e']

test('a majority of the nodes keeps every page good, whatever is asked for and released', (t) => {
  const step = fc.record({
    node: fc.constantFrom(...NODES),
    file: fc.constantFrom('x', 'y'),
    pages: fc.uniqueArray(fc.nat(2), { minLength: 1 }),
    does: fc.constantFrom('claim' as const, 'claim' as const, 'release' as const),
  })
  fc.assert(
    fc.property(fc.constantFrom('node', 'file', 'page'), fc.array(step, { maxLength: 60 }), (unit, steps) => {
      const atlas = new DiskAtlas({ nodes: NODES, unit: unit as 'page' })
      // The twin: a plain list of damaged pages, and what they have in common by the unit.
      let damaged: { node: string; file: string; page: number }[] = []
      const same = (a: { file: string; page: number }, b: { file: string; page: number }): boolean =>
        unit === 'node' || (a.file === b.file && (unit === 'file' || a.page === b.page))
      const nodesOf = (file: string, page: number): string[] =>
        NODES.filter((node) => damaged.some((other) => other.node === node && same(other, { file, page })))
      for (const { node, file, pages, does } of steps) {
        const rest = damaged.filter((d) => !(d.node === node && d.file === file && pages.includes(d.page)))
        if (does === 'release') {
          for (const page of pages) atlas.release(node, file, page)
          damaged = rest
        } else {
          const allowed = pages.every((page) => new Set([...nodesOf(file, page), node]).size <= 2)
          if (atlas.claim(node, file, pages) !== allowed) return false
          if (allowed) damaged = [...rest, ...pages.map((page) => ({ node, file, page }))]
        }
        for (const f of ['x', 'y'])
          for (const page of [0, 1, 2]) {
            const on = atlas.damagedOn(f, page)
            if (on.length > 2 || on.join() !== nodesOf(f, page).join()) return false
          }
      }
      return true
    }),
    { numRuns: 100 },
  )
  t.pass()
})

test('a node that was lost counts for all there is until it is restored', (t) => {
  const atlas = new DiskAtlas({ nodes: ['a', 'b', 'c'], unit: 'page' })
  t.true(atlas.claim('a', 'x', [1]))
  t.deepEqual(
    ['a', 'b', 'c'].map((node) => atlas.mayLose(node)),
    [true, false, false],
  )

  atlas.lose('a')
  t.false(atlas.claim('b', 'y', [7]))
  t.deepEqual(atlas.damagedOn('y', 7), ['a'])
  t.false(atlas.mayLose('b'))
  atlas.restored('a')
  t.true(atlas.claim('b', 'y', [7]))
  t.deepEqual(atlas.damagedOn('x', 1), ['a'])
})

test('how many keep a good copy can be said, and where all do nothing is damaged', (t) => {
  const all = new DiskAtlas({ nodes: NODES, keepGood: 5 })
  t.false(all.claim('a', 'x', [0]))
  t.false(all.mayLose('a'))
  const one = new DiskAtlas({ nodes: NODES, keepGood: 1 })
  t.deepEqual(
    NODES.map((node) => one.claim(node, 'x', [0])),
    [true, true, true, true, false],
  )
})

test('options and nodes are checked', (t) => {
  t.throws(() => new DiskAtlas({ nodes: [] }), { instanceOf: InvalidOptionError })
  t.throws(() => new DiskAtlas({ nodes: ['a'], keepGood: 2 }), { instanceOf: InvalidOptionError })
  t.throws(() => new DiskAtlas({ nodes: ['a'], keepgood: 1 } as never), { instanceOf: UnknownOptionError })
  t.throws(() => new DiskAtlas({ nodes: ['a'] }).claim('b', 'x', [0]), { instanceOf: InvalidOptionError })
})
