import { InvalidOptionError } from '@troupe/core'
import test from 'ava'
import { bridgeOf, type Direction, isolationOf, majoritiesRingOf, partitionOf } from './partition.ts'

const nodes = (size: number): string[] => Array.from({ length: size }, (_, i) => `n${i + 1}`)

/** Whom a node hears, itself included, once the directions are cut. */
function heardBy(to: string, names: readonly string[], cuts: readonly Direction[]): string[] {
  return names.filter((from) => !cuts.some(([a, b]) => a === from && b === to))
}

test('a partition cuts every way between groups, none within one, and nobody who is in none', (t) => {
  const cuts = partitionOf([['n1', 'n2'], ['n3'], ['n4', 'n5']])

  t.is(cuts.length, 2 * (2 * 1 + 2 * 2 + 1 * 2))
  t.deepEqual(heardBy('n1', nodes(6), cuts), ['n1', 'n2', 'n6'])
  t.deepEqual(heardBy('n3', nodes(6), cuts), ['n3', 'n6'])
  t.deepEqual(heardBy('n6', nodes(6), cuts), nodes(6))
})

test('a one-way partition cuts what a group sends to those after it only', (t) => {
  t.deepEqual(partitionOf([['n1'], ['n2', 'n3']], { oneWay: true }), [
    ['n1', 'n2'],
    ['n1', 'n3'],
  ])
})

test('a name in two groups is an error', (t) => {
  t.throws(() => partitionOf([['n1', 'n2'], ['n2']]), { instanceOf: InvalidOptionError, message: /"n2"/ })
})

test('an isolated node reaches nobody; one way it hears, but is not heard', (t) => {
  const both = isolationOf('n2', nodes(3))
  const oneWay = isolationOf('n2', nodes(3), { oneWay: true })

  t.deepEqual(heardBy('n2', nodes(3), both), ['n2'])
  t.deepEqual(heardBy('n1', nodes(3), both), ['n1', 'n3'])
  t.deepEqual(heardBy('n2', nodes(3), oneWay), nodes(3))
  t.deepEqual(heardBy('n1', nodes(3), oneWay), ['n1', 'n3'])
})

test('over a bridge two halves reach each other through the middle one only', (t) => {
  const cuts = bridgeOf(nodes(5))

  t.deepEqual(heardBy('n1', nodes(5), cuts), ['n1', 'n2', 'n3'])
  t.deepEqual(heardBy('n5', nodes(5), cuts), ['n3', 'n4', 'n5'])
  t.deepEqual(heardBy('n3', nodes(5), cuts), nodes(5))
})

test('in a majorities ring each node hears a majority with itself in it, and no two hear the same one', (t) => {
  for (let size = 3; size <= 9; size++) {
    const names = nodes(size)
    const cuts = majoritiesRingOf(names)
    const heard = names.map((name) => heardBy(name, names, cuts))

    t.true(heard.every((some, i) => some.length === (size >> 1) + 1 && some.includes(names[i]!)))
    t.is(new Set(heard.map(String)).size, size)
  }
  // With an odd majority both ways are cut or none is.
  const cuts = majoritiesRingOf(nodes(5)).map(String)
  t.true(majoritiesRingOf(nodes(5)).every(([from, to]) => cuts.includes(String([to, from]))))
})
