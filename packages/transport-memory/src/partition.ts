import { InvalidOptionError } from '@troupe/core'

/** One way between two nodes, by their names. */
export type Direction = readonly [from: string, to: string]

/** Whether a cut goes both ways. */
export interface PartitionOptions {
  /** True to cut only what a group sends to the groups after it. Default: false, both ways. */
  readonly oneWay?: boolean
}

/**
 * What to cut so that the groups cannot reach each other. Who is in no group is not cut off from anybody.
 *
 * @throws {InvalidOptionError} when a name stands in two groups
 */
export function partitionOf(
  groups: readonly (readonly string[])[],
  { oneWay = false }: PartitionOptions = {},
): Direction[] {
  const names = groups.flat()
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new InvalidOptionError('partition', 'groups', 'groups that share nobody', twice)
  return groups.flatMap((group, i) =>
    groups.slice(i + 1).flatMap((other) => [...between(group, other), ...(oneWay ? [] : between(other, group))]),
  )
}

/** What to cut so that `name` can reach none of `names`, nor they it. One way: it hears them, but is not heard. */
export function isolationOf(name: string, names: readonly string[], options: PartitionOptions = {}): Direction[] {
  return partitionOf([[name], names.filter((other) => other !== name)], options)
}

/**
 * What to cut so that two halves can reach each other over one node only: the middle one of `names`, which reaches
 * all. The first half is the smaller one where they differ.
 */
export function bridgeOf(names: readonly string[], options: PartitionOptions = {}): Direction[] {
  const middle = (names.length - 1) >> 1
  return partitionOf([names.slice(0, middle), names.slice(middle + 1)], options)
}

/**
 * What to cut so that each node hears a majority, itself included, but no two the same one: of the ring that `names`
 * is, those around it. With an even majority that is not symmetrical, one more before it than after it.
 */
export function majoritiesRingOf(names: readonly string[]): Direction[] {
  const size = names.length
  const majority = (size >> 1) + 1
  const before = majority >> 1
  return names.flatMap((to, i) =>
    names.filter((_, j) => (j - i + before + size) % size >= majority).map((from): Direction => [from, to]),
  )
}

function between(senders: readonly string[], receivers: readonly string[]): Direction[] {
  return senders.flatMap((from) => receivers.map((to): Direction => [from, to]))
}
