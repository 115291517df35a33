import {
  FileClosedError,
  FileInUseError,
  FileNotFoundError,
  InvalidOptionError,
  UnknownOptionError,
} from '../errors.ts'
import type { Disk, DiskFile } from '../runtime/disk.ts'
import { SeededRandom } from '../runtime/random.ts'
import type { Assertions, TestFunction } from './assertions.ts'

/** An empty disk, and what can be done to the node that has it. */
export interface DiskWorld {
  readonly disk: Disk
  /**
   * Lets the node start again, after the worst crash that can be had: whatever was not durable may be lost.
   *
   * @returns the same disk as the new start sees it, with no file open
   */
  restart(): Disk | Promise<Disk>
  /** Runs a test and sees to it that time passes for the disk. Default: time passes by itself. */
  run?(work: () => Promise<void>): Promise<void>
  /** Called once, at the end. */
  close?(): Promise<void>
}

/**
 * The promises of `Disk` and `DiskFile` as tests, for every disk there is.
 *
 * ```ts
 * diskContract(test, 'node', async () => {
 *   const folder = await mkdtemp(join(tmpdir(), 'disk-'))
 *   return { disk: nodeDisk(folder), restart: () => nodeDisk(folder), close: () => rm(folder, { recursive: true }) }
 * })
 * ```
 * @param name put before each title
 * @param makeDisk called once per test; tests may run at the same time
 */
export function diskContract(test: TestFunction, name: string, makeDisk: () => DiskWorld | Promise<DiskWorld>): void {
  for (const [title, keep] of Object.entries(promises)) {
    test(`${name}: ${title}`, async (t) => {
      const world = await makeDisk()
      const stage = new DiskStage(world)
      const work = (): Promise<void> => keep(t, stage).finally(() => stage.closeFiles())
      try {
        await (world.run === undefined ? work() : world.run(work))
      } finally {
        await world.close?.()
      }
    })
  }
}

const promises: Record<string, (t: Assertions, stage: DiskStage) => Promise<void>> = {
  'an empty disk has no files, and a file that is opened is there, empty': async (t, { disk }) => {
    t.deepEqual(await disk.list(), [])
    const file = await disk.open('log')
    t.is(file.sizeBytes, 0)
    t.deepEqual(await disk.list(), ['log'])
    t.deepEqual(await file.read(0, 10), new Uint8Array(0))
  },

  'what was appended is read, from any place, and less where the file ends': async (t, { disk }) => {
    const file = await disk.open('log')
    await file.append(bytesOf(10, 0))
    await file.append(bytesOf(5, 10))

    t.is(file.sizeBytes, 15)
    t.deepEqual(await file.read(0, 15), bytesOf(15, 0))
    t.deepEqual(await file.read(8, 4), bytesOf(4, 8))
    t.deepEqual(await file.read(12, 100), bytesOf(3, 12))
    t.deepEqual(await file.read(15, 1), new Uint8Array(0))
    t.deepEqual(await file.read(99, 1), new Uint8Array(0))
    t.deepEqual(await file.read(3, 0), new Uint8Array(0))
  },

  'an append of nothing changes nothing, and one of many pages is read as it was written': async (t, { disk }) => {
    const file = await disk.open('log')
    await file.append(new Uint8Array(0))
    t.is(file.sizeBytes, 0)
    await file.append(bytesOf(50_001, 7))
    t.is(file.sizeBytes, 50_001)
    t.deepEqual(await file.read(0, 60_000), bytesOf(50_001, 7))
    t.deepEqual(await file.read(4_090, 20), bytesOf(20, 7 + 4_090))
  },

  'what a read gave is the caller’s own': async (t, { disk }) => {
    const file = await disk.open('log')
    const given = bytesOf(4, 0)
    await file.append(given)
    given.fill(9)
    const read = await file.read(0, 4)
    read.fill(7)
    t.deepEqual(await file.read(0, 4), bytesOf(4, 0))
  },

  'calls of a file that were made at once are carried out in their order': async (t, { disk }) => {
    const file = await disk.open('log')
    const first = file.append(bytesOf(9_000, 0))
    const before = file.read(0, 20_000)
    const cut = file.truncate(100)
    const last = file.append(bytesOf(5, 100))
    const after = file.read(0, 20_000)
    await Promise.all([first, cut, last, file.sync()])

    t.deepEqual(await before, bytesOf(9_000, 0))
    t.deepEqual(await after, bytesOf(105, 0))
  },

  'calls about names that were made at once are carried out in their order': async (t, { disk }) => {
    const opened = disk.open('a')
    const renamed = disk.rename('a', 'b')
    const between = disk.list()
    const again = disk.open('a')
    const both = disk.list()
    await Promise.all([opened, renamed, again, disk.sync()])

    t.deepEqual(await between, ['b'])
    t.deepEqual(await both, ['a', 'b'])
  },

  'a cut takes the end away, to nothing too, and appends go on from there': async (t, { disk }) => {
    const file = await disk.open('log')
    await file.append(bytesOf(10_000, 0))
    await file.truncate(4_100)
    t.is(file.sizeBytes, 4_100)
    await file.append(bytesOf(10, 4_100))
    t.deepEqual(await file.read(0, 20_000), bytesOf(4_110, 0))
    await file.truncate(0)
    await file.append(bytesOf(3, 50))
    t.deepEqual(await file.read(0, 10), bytesOf(3, 50))
  },

  'a file that was closed can be opened again and has its content': async (t, { disk }) => {
    const file = await disk.open('log')
    void file.append(bytesOf(10, 0))
    await file.close()
    await file.close()

    const again = await disk.open('log')
    t.is(again.sizeBytes, 10)
    t.deepEqual(await again.read(0, 10), bytesOf(10, 0))
  },

  'a closed file takes no calls: FILE_CLOSED': async (t, { disk }) => {
    const file = await disk.open('log')
    await file.close()
    for (const call of [file.append(bytesOf(1, 0)), file.read(0, 1), file.truncate(0), file.sync()])
      t.true((await rejection(call)) instanceof FileClosedError)
  },

  'a file is open once at a time: FILE_IN_USE': async (t, { disk }) => {
    const file = await disk.open('a')
    await (await disk.open('b')).close()
    for (const call of [disk.open('a'), disk.remove('a'), disk.rename('b', 'a')])
      t.true((await rejection(call)) instanceof FileInUseError)
    await file.close()
    await disk.rename('b', 'a')
    await disk.remove('a')
    t.deepEqual(await disk.list(), [])
  },

  'a file that is not there cannot be renamed, removed or, without create, opened: FILE_NOT_FOUND': async (
    t,
    { disk },
  ) => {
    const opened = await disk.open('b')
    for (const call of [
      disk.rename('a', 'b'),
      disk.rename('a', 'a'),
      disk.remove('a'),
      disk.open('a', { create: false }),
    ])
      t.true((await rejection(call)) instanceof FileNotFoundError)
    await opened.close()
    t.is((await disk.open('b', { create: false })).sizeBytes, 0)
    t.deepEqual(await disk.list(), ['b'])
  },

  'a new name takes the content along, replaces whoever had it, and an open file stays open': async (t, { disk }) => {
    await write(disk, 'old', bytesOf(10, 0))
    const file = await disk.open('new')
    await file.append(bytesOf(20, 3))
    await disk.rename('new', 'old')
    await file.append(bytesOf(5, 23))
    t.deepEqual(await disk.list(), ['old'])
    t.true((await rejection(disk.open('old'))) instanceof FileInUseError)
    await file.close()
    await disk.rename('old', 'old')
    t.deepEqual(await content(disk, 'old'), bytesOf(25, 3))
  },

  'names are listed in order, and a removed file is gone: a new one of its name is empty': async (t, { disk }) => {
    for (const name of ['b', '10', 'a.log', '9', 'A', '~x_-']) await write(disk, name, bytesOf(3, 0))
    t.deepEqual(await disk.list(), ['10', '9', 'A', 'a.log', 'b', '~x_-'])
    await disk.remove('b')
    t.is((await disk.open('b')).sizeBytes, 0)
  },

  'what is no name, no place in the file and no option is turned down: INVALID_OPTION, UNKNOWN_OPTION': async (
    t,
    { disk },
  ) => {
    const file = await disk.open('a'.repeat(128))
    await file.append(bytesOf(3, 0))
    const calls = [
      ...['', '.', '..', '.a', 'a/b', 'a\\b', 'ä', 'a b', 'a'.repeat(129)].map((name) => disk.open(name)),
      disk.rename('a', '../b'),
      disk.rename('/a', 'b'),
      disk.remove('..'),
      ...[-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY].flatMap((wrong) => [
        file.read(wrong, 1),
        file.read(0, wrong),
        file.truncate(wrong),
      ]),
      file.truncate(4),
    ]
    for (const call of calls) t.true((await rejection(call)) instanceof InvalidOptionError)
    t.true((await rejection(disk.open('b', { creat: true } as object))) instanceof UnknownOptionError)
    t.deepEqual(await file.read(0, 9), bytesOf(3, 0))
  },

  'a failed call does not hold up the next': async (t, { disk }) => {
    const file = await disk.open('log')
    const wrong = rejection(file.truncate(1))
    const right = file.append(bytesOf(3, 0))
    await right
    t.true((await wrong) instanceof InvalidOptionError)
    t.deepEqual(await file.read(0, 9), bytesOf(3, 0))
  },

  'files and names that were synced are there after a restart, as long as they were': async (t, stage) => {
    const file = await stage.disk.open('log')
    await file.append(bytesOf(9_000, 0))
    await file.sync()
    await stage.disk.sync()
    await file.truncate(5_000)
    await file.append(bytesOf(3, 5_000))
    await file.sync()

    const disk = await stage.restart()
    t.deepEqual(await disk.list(), ['log'])
    t.deepEqual(await content(disk, 'log'), bytesOf(5_003, 0))
  },

  'a file is replaced in one step: after a restart it is the old one or the new one': async (t, stage) => {
    await write(stage.disk, 'state', bytesOf(5_000, 0))
    await stage.disk.sync()
    await write(stage.disk, 'state.next', bytesOf(6_000, 9))
    await stage.disk.rename('state.next', 'state')

    const disk = await stage.restart()
    const found = await content(disk, 'state')
    t.deepEqual(found, found.byteLength === 5_000 ? bytesOf(5_000, 0) : bytesOf(6_000, 9))
    await write(disk, 'state.next', bytesOf(7, 1))
    await disk.rename('state.next', 'state')
    await disk.sync()
    t.deepEqual(await content(await stage.restart(), 'state'), bytesOf(7, 1))
  },

  'what was synced survives any number of restarts, whatever was not': async (t, stage) => {
    const random = new SeededRandom(1)
    let { disk } = stage
    let durable = new Uint8Array(0)
    await disk.open('log')
    await disk.sync()
    disk = await stage.restart()
    for (let round = 0; round < 8; round++) {
      const file = await disk.open('log')
      t.true(file.sizeBytes >= durable.byteLength)
      t.deepEqual(await file.read(0, durable.byteLength), durable, `round ${round}`)
      // As a log does: what is after the last record that is whole is cut off before it goes on.
      await file.truncate(durable.byteLength)
      await file.append(bytesOf(random.below(6_000), round))
      await file.sync()
      durable = Uint8Array.from(await file.read(0, file.sizeBytes))
      await file.append(bytesOf(random.below(20_000), round))
      disk = await stage.restart()
    }
  },
}

/** The disk of one test. It knows which files are open: hosts complain about those that nobody closes. */
class DiskStage {
  readonly #world: DiskWorld
  #files: DiskFile[] = []
  disk: Disk

  constructor(world: DiskWorld) {
    this.#world = world
    this.disk = this.#watched(world.disk)
  }

  async restart(): Promise<Disk> {
    await this.closeFiles()
    this.disk = this.#watched(await this.#world.restart())
    return this.disk
  }

  async closeFiles(): Promise<void> {
    for (const file of this.#files.splice(0)) await file.close()
  }

  #watched(disk: Disk): Disk {
    return {
      open: async (name, options) => {
        const file = await disk.open(name, options)
        this.#files.push(file)
        return file
      },
      list: () => disk.list(),
      rename: (from, to) => disk.rename(from, to),
      remove: (name) => disk.remove(name),
      sync: () => disk.sync(),
    }
  }
}

async function write(disk: Disk, name: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.open(name)
  await file.append(bytes)
  await file.sync()
  await file.close()
}

async function content(disk: Disk, name: string): Promise<Uint8Array> {
  const file: DiskFile = await disk.open(name)
  const bytes = await file.read(0, file.sizeBytes)
  await file.close()
  return bytes
}

/** What `call` rejects with. */
function rejection(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => null,
    (error: unknown) => error,
  )
}

/** `length` bytes that are never 0, so that a hole shows; those of a later start go on where an earlier one is. */
function bytesOf(length: number, start: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => 1 + ((start + i) % 251))
}
