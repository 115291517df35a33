import { checkOptions, is, requireOptions } from '@troupe/core'

/** How a simulated disk behaves. All chance is drawn in integers, so that it is the same on every engine. */
export interface DiskModel {
  /** The least that a call takes which is no sync, in ms, counted in whole us. Default 0.02. */
  readonly minLatencyMs: number
  /** What it takes on average; evenly spread about it. Default 0.1. */
  readonly meanLatencyMs: number
  /** What it takes on top for each byte it moves: how many go in a ms. Default 500,000. */
  readonly bytesPerMs: number
  /** The least that a sync takes, in ms. Default 0.5. */
  readonly minSyncMs: number
  /** What a sync takes on average. Default 2. */
  readonly meanSyncMs: number
  /** Delays one sync in `oneIn` by up to `maxMs`. Default: none. */
  readonly delayedSync: { readonly oneIn: number; readonly maxMs: number } | null
  /**
   * How many syncs of a million fail. That of a file leaves of each page whatever comes, and later syncs pass over
   * those pages. Default 0.
   */
  readonly failedSyncPerMillion: number
  /**
   * How many syncs of a million, of files, resolve and make nothing durable; the next one that does not lie makes up
   * for it, unless a crash comes first. Default 0.
   */
  readonly lyingSyncPerMillion: number
  /**
   * How many syncs of a million, of names, resolve and make no change of names durable; as above, the next honest one makes
   * up for it. With an atlas that counts by page there is none: what is lost may be whole files. Default 0.
   */
  readonly lyingNameSyncPerMillion: number
  /** How many reads of a million reject and may succeed when tried again. Default 0. */
  readonly failedReadPerMillion: number
  /** How many appends, cuts and changes of names of a million reject, with no effect. Default 0. */
  readonly failedWritePerMillion: number
  /** How many reads of a million find that one bit has changed, for good, in one page of those they read. Default 0. */
  readonly corruptedReadPerMillion: number
  /** How many appends of a million put their first page on top of another page of the file. Default 0. */
  readonly misdirectedWritePerMillion: number
  /** How much all files together may hold. Default: as much as comes. */
  readonly capacityBytes: number
  /** What a crash does to a page that was not synced, as weights: integers, not all 0. Default 1 each. */
  readonly crash: CrashWeights
}

/** One of these befalls each page of 4 KiB that was not synced. */
export interface CrashWeights {
  /** It has made it to the disk. */
  readonly kept: number
  /** It is as it was when it was durable last. */
  readonly dropped: number
  /** Each of its sectors of 512 bytes is kept or dropped by itself. */
  readonly torn: number
}

/** A sound disk of a server, which loses at a crash what it may. */
export const DEFAULT_DISK_MODEL: DiskModel = {
  minLatencyMs: 0.02,
  meanLatencyMs: 0.1,
  bytesPerMs: 500_000,
  minSyncMs: 0.5,
  meanSyncMs: 2,
  delayedSync: null,
  failedSyncPerMillion: 0,
  lyingSyncPerMillion: 0,
  lyingNameSyncPerMillion: 0,
  failedReadPerMillion: 0,
  failedWritePerMillion: 0,
  corruptedReadPerMillion: 0,
  misdirectedWritePerMillion: 0,
  capacityBytes: Number.MAX_SAFE_INTEGER,
  crash: { kept: 1, dropped: 1, torn: 1 },
}

/**
 * `model` with what `changes` says instead.
 *
 * @throws {UnknownOptionError | InvalidOptionError} also where a mean is below its least
 */
export function changedModel(where: string, model: DiskModel, changes: Partial<DiskModel> | undefined): DiskModel {
  checkOptions(where, changes, CHECKS)
  const changed = { ...model }
  for (const [key, value] of Object.entries(changes ?? {}))
    if (value !== undefined) Object.assign(changed, { [key]: value })
  if (changed.delayedSync !== null) requireOptions(where, changed.delayedSync, { oneIn: is.integer(1), maxMs: ms })
  requireOptions(where, changed.crash, { kept: weight, dropped: weight, torn: weight })
  checkOptions(
    where,
    { meanLatencyMs: changed.meanLatencyMs, meanSyncMs: changed.meanSyncMs, crash: changed.crash },
    {
      meanLatencyMs: is.number(changed.minLatencyMs),
      meanSyncMs: is.number(changed.minSyncMs),
      crash: () => (sumOf(changed.crash) > 0 ? null : 'kept, dropped and torn: integers, not all 0'),
    },
  )
  return changed
}

function sumOf({ kept, dropped, torn }: CrashWeights): number {
  return kept + dropped + torn
}

const ms = is.number(0, 1_000_000)
const perMillion = is.integer(0, 1_000_000)
const weight = is.integer(0, 1_000_000)

const CHECKS = {
  minLatencyMs: ms,
  meanLatencyMs: ms,
  bytesPerMs: is.integer(1),
  minSyncMs: ms,
  meanSyncMs: ms,
  delayedSync: (value: unknown) => (value === null ? null : is.object(value)),
  failedSyncPerMillion: perMillion,
  lyingSyncPerMillion: perMillion,
  lyingNameSyncPerMillion: perMillion,
  failedReadPerMillion: perMillion,
  failedWritePerMillion: perMillion,
  corruptedReadPerMillion: perMillion,
  misdirectedWritePerMillion: perMillion,
  capacityBytes: is.integer(0),
  crash: is.object,
}
