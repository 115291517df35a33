import type { Random } from '@troupe/core'
import { DEFAULT_DISK_MODEL, type DiskModel } from '../simulation/disk/disk-model.ts'

const MOST_MEAN_MS = 100
const MOST_DELAY_MS = 2_000
const MILLION = 1_000_000

/** Draws what is the matter with a disk: which of the things of its kind, and how often it happens. */
export function diskFault(random: Random, kind: 'slow-disk' | 'disk-errors' | 'disk-lies'): Partial<DiskModel> {
  switch (kind) {
    case 'slow-disk':
      return {
        meanLatencyMs: 1 + random.below(MOST_MEAN_MS),
        meanSyncMs: 2 + random.below(MOST_MEAN_MS),
        delayedSync: { oneIn: 1 + random.below(20), maxMs: 1 + random.below(MOST_DELAY_MS) },
      }
    case 'disk-errors':
      return some(random, ['failedSyncPerMillion', 'failedReadPerMillion', 'failedWritePerMillion'])
    case 'disk-lies':
      return some(random, [
        'lyingSyncPerMillion',
        'lyingNameSyncPerMillion',
        'corruptedReadPerMillion',
        'misdirectedWritePerMillion',
      ])
  }
}

/** What ends a fault: the values of a sound disk in place of the changed ones. */
export function soundAgain(changes: Partial<DiskModel>): Partial<DiskModel> {
  const sound = Object.entries(DEFAULT_DISK_MODEL).filter(([key]) => Object.hasOwn(changes, key))
  return Object.fromEntries(sound)
}

type Chance = { [K in keyof DiskModel]: K extends `${string}PerMillion` ? K : never }[keyof DiskModel]

/** One of them at least, each at a rate of its own: from once in a thousand calls to most of the time. */
function some(random: Random, names: readonly Chance[]): Partial<DiskModel> {
  const sure = random.below(names.length)
  const drawn = names.filter((_, i) => random.below(2) === 0 || i === sure)
  return Object.fromEntries(drawn.map((name) => [name, Math.floor(MILLION / (1 << random.below(11)))]))
}
