import { DIALECT, type Dialect } from '@troupe/core/testing'
import { type SimulatedNode, scenario } from '@troupe/testkit'
import { remoteWatch, startWatching } from './remote-watch.ts'

/** A bit that nobody else knows. */
const NEW_FEATURE = 1 << 30
const { min, max } = DIALECT.versions

/** Of the version before: it has none of the features. */
const OLDER: Dialect = { ...DIALECT, versions: { min, max }, features: 0 }
/** Of the next one, which speaks both and can do more. */
const NEWER: Dialect = { ...DIALECT, versions: { min, max: max + 1 }, features: DIALECT.features | NEW_FEATURE }

/** Of two nodes one is older at first; an upgrade makes a node what it says, which may be the older one again. */
function dialectOf({ name, version }: SimulatedNode): Dialect {
  const isSecond = Number(name.slice(1)) % 2 === 0
  return (version === '1') === isSecond ? NEWER : OLDER
}

/** Laws 10, 11 and 17, in a cluster whose nodes are of two versions, and change between them. */
export const mixedVersions = scenario({
  ...remoteWatch,
  name: 'mixed-versions',
  nodes: { min: 2, max: 4 },
  faults: {
    kinds: ['upgrade', 'pause', 'partition', 'clog', 'reset'],
    versions: ['1', '2'],
    maxDown: 1,
    meanGapMs: 700,
  },
  start: (node) => startWatching(node, dialectOf(node)),
})
