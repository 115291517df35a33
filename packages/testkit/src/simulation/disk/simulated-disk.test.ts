import {
  type Disk,
  DiskFailedError,
  DiskFullError,
  hash32,
  InvalidOptionError,
  SeededRandom,
  UnknownOptionError,
} from '@troupe/core'
import { diskContract, type ManualRuntime, manualRuntime } from '@troupe/core/testing'
import test from 'ava'
import { within } from '../../within.ts'
import { DiskAtlas } from './disk-atlas.ts'
import type { DiskEvent } from './disk-event.ts'
import type { DiskModel } from './disk-model.ts'
import { SimulatedDisk } from './simulated-disk.ts'
import { PAGE_BYTES } from './stored-file.ts'

diskContract(test, 'simulated', () => {
  const runtime = manualRuntime()
  const disk = new SimulatedDisk({ random: runtime.random })
  const restart = (): Disk => {
    disk.crash()
    return disk.mount(runtime.scheduler)
  }
  return { disk: disk.mount(runtime.scheduler), restart, run: (work) => within(runtime, work(), 60_000) }
})

const ALWAYS = 1_000_000
const LOSES_ALL = { kept: 0, dropped: 1, torn: 0 }

// Durability

test('a lying sync resolves, and a crash takes what it was to keep; one that does not lie makes up for it', async (t) => {
  const { disk, write, content, restart } = stage({ lyingSyncPerMillion: ALWAYS, crash: LOSES_ALL })
  await write('lost', 5_000)
  await write('saved', 5_000)
  disk.setModel({ lyingSyncPerMillion: 0 })
  await write('saved', 10)
  t.is((await content('lost')).byteLength, 5_000)

  restart()
  t.true((await content('lost')).every((byte) => byte === 0))
  t.is((await content('saved')).byteLength, 5_010)
})

test('a sync of names that lies resolves, and a crash may undo what it was to keep; an honest one makes up for it', async (t) => {
  let lost = 0
  for (let seed = 1; seed <= 10; seed++) {
    const { disk, run, mounted, restart } = stage({ lyingNameSyncPerMillion: ALWAYS }, seed)
    await run((await run(mounted().open('a'))).close())
    await run(mounted().sync())
    if (seed % 2 === 0) {
      disk.setModel({ lyingNameSyncPerMillion: 0 })
      await run(mounted().sync())
    }

    restart()
    const left = await run(mounted().list())
    if (seed % 2 === 0) t.deepEqual(left, ['a'])
    else lost += 1 - left.length
  }
  t.true(lost > 0 && lost < 5, `${lost}`)
})

test('with an atlas, syncs of names lie on a minority of disks, until an honest one; by page on none', async (t) => {
  const lying = { lyingNameSyncPerMillion: ALWAYS }
  const stages = (atlas: DiskAtlas): ReturnType<typeof stage>[] =>
    ['a', 'b', 'c'].map((node, i) => stage(lying, 5 + i, { atlas, node }))
  const damaged = async (atlas: DiskAtlas, on: readonly ReturnType<typeof stage>[]): Promise<string> => {
    for (const { run, mounted } of on) {
      await run(mounted().open('log'))
      await run(mounted().sync())
    }
    return atlas.damagedOn('log', -1).join()
  }
  for (const unit of ['node', 'file'] as const) {
    const atlas = new DiskAtlas({ nodes: ['a', 'b', 'c'], unit })
    const on = stages(atlas)
    t.is(await damaged(atlas, on), 'a')
    on[0]!.disk.setModel({ lyingNameSyncPerMillion: 0 })
    await on[0]!.run(on[0]!.mounted().sync())
    t.is(atlas.damagedOn('log', -1).join(), '')
  }
  const byPage = new DiskAtlas({ nodes: ['a', 'b', 'c'], unit: 'page' })
  t.is(await damaged(byPage, stages(byPage)), '')
})

test('after a failed sync the file is still read, takes nothing more, and has lost what no later sync has written', async (t) => {
  const { disk, run, mounted, restart, content } = stage({ failedSyncPerMillion: ALWAYS, crash: LOSES_ALL })
  const file = await run(mounted().open('log'))
  await run(file.append(new Uint8Array(PAGE_BYTES)))
  await t.throwsAsync(run(file.sync()), { instanceOf: DiskFailedError, message: /sync "log"/ })
  disk.setModel({ failedSyncPerMillion: 0 })

  for (const call of [file.append(new Uint8Array(1)), file.truncate(0), file.sync()])
    await t.throwsAsync(run(call), { instanceOf: DiskFailedError, message: /earlier sync/ })
  t.is((await run(file.read(0, 9_999))).byteLength, PAGE_BYTES)

  await run(file.close())
  const again = await run(mounted().open('log'))
  await run(again.append(Uint8Array.of(1)))
  await run(Promise.all([again.sync(), mounted().sync()]))
  restart()
  const left = await content('log')
  t.deepEqual([left.byteLength, left.at(-1)], [PAGE_BYTES + 1, 1])
})

test('a crash undoes the latest changes of names, in order, and none before the last sync of names', async (t) => {
  const seen = new Set<string>()
  for (let seed = 1; seed <= 40; seed++) {
    const { run, mounted, restart } = stage({}, seed)
    await run((await run(mounted().open('a'))).close())
    await run(mounted().sync())
    const states = ['a']
    const change = async (work: Promise<unknown>): Promise<void> => {
      await run(work)
      states.push((await run(mounted().list())).join())
    }
    await change(mounted().open('b'))
    await change(mounted().rename('b', 'a'))
    await change(mounted().open('c'))
    await change(
      mounted()
        .remove('a')
        .catch(() => mounted().rename('c', 'd')),
    )

    restart()
    const left = (await run(mounted().list())).join()
    t.true(states.includes(left), left)
    seen.add(left)
  }
  t.deepEqual([...seen].sort(), ['a', 'a,b', 'a,c', 'a,d'])
})

test('calls under way at a crash never settle, and those of a start that is over have no effect', async (t) => {
  const { runtime, run, mounted, content, restart } = stage({ crash: LOSES_ALL })
  const file = await run(mounted().open('log'))
  await run(Promise.all([file.append(new Uint8Array(10).fill(1)), file.sync(), mounted().sync()]))
  let settled = 0
  const count = (): number => settled++
  const calls: Promise<unknown>[] = [file.append(new Uint8Array(50).fill(1)), file.sync(), mounted().open('other')]
  for (const call of calls) call.then(count, count)
  await runtime.settle()

  restart()
  file.append(Uint8Array.of(1)).then(count, count)
  await runtime.advance(1_000)
  t.is(settled, 0)
  t.is((await content('log')).filter((byte) => byte === 1).length, 10)
})

test('a start that ends without a crash loses nothing, and leaves no file open', async (t) => {
  const { run, mounted, remount } = stage({ crash: LOSES_ALL })
  await run((await run(mounted().open('log'))).append(new Uint8Array(10)))
  remount()
  t.is((await run(mounted().open('log'))).sizeBytes, 10)
})

test('a wiped disk is empty', async (t) => {
  const { disk, run, mounted, write, remount } = stage()
  await write('log', 10)
  disk.wipe()
  remount()
  t.deepEqual(await run(mounted().list()), [])
  t.is(disk.usedBytes, 0)
})

// Faults

test('a disk without room takes no append, and all else goes on: DISK_FULL', async (t) => {
  const { disk, run, mounted } = stage({ capacityBytes: 100 })
  const file = await run(mounted().open('log'))
  await run(file.append(new Uint8Array(60)))
  const error = await t.throwsAsync(run(file.append(new Uint8Array(41))), { instanceOf: DiskFullError })
  t.like(error, { file: 'log', retryable: true })
  t.is(file.sizeBytes, 60)
  await run(file.append(new Uint8Array(40)))
  await run(file.truncate(10))
  await run(file.append(new Uint8Array(90)))
  disk.setModel({ capacityBytes: 1_000 })
  await run(file.append(new Uint8Array(900)))
  await run(file.sync())
})

test('failed reads and writes reject, have no effect, and may succeed when tried again: DISK_FAILED', async (t) => {
  const { disk, run, mounted } = stage()
  const file = await run(mounted().open('log'))
  await run(file.append(new Uint8Array(10)))
  disk.setModel({ failedReadPerMillion: ALWAYS, failedWritePerMillion: ALWAYS })
  const calls: Promise<unknown>[] = [
    file.append(new Uint8Array(1)),
    file.read(0, 1),
    file.truncate(0),
    mounted().open('other'),
    mounted().rename('log', 'other'),
    mounted().remove('log'),
  ]
  for (const call of calls) await t.throwsAsync(run(call), { instanceOf: DiskFailedError })
  t.deepEqual(await run(mounted().list()), ['log'])
  disk.setModel({ failedReadPerMillion: 0, failedWritePerMillion: 0 })
  t.deepEqual(await run(file.read(0, 20)), new Uint8Array(10))
})

test('a corrupted read shows one bit that has changed for good, also after a crash', async (t) => {
  const { disk, run, mounted, write, content, restart } = stage()
  await write('log', 10_000)
  disk.setModel({ corruptedReadPerMillion: ALWAYS })
  const file = await run(mounted().open('log'))
  const read = await run(file.read(5_000, 10))
  disk.setModel({ corruptedReadPerMillion: 0 })
  restart()
  const left = await content('log')
  t.is(left.filter((byte) => byte !== 1).length, 1)
  t.not(
    left.subarray(4_096, 8_192).findIndex((byte) => byte !== 1),
    -1,
  )
  t.deepEqual(read, left.slice(5_000, 5_010))
})

test('a misdirected write is not where it belongs and on top of another page', async (t) => {
  const { disk, run, mounted, write, content } = stage()
  await write('log', 2 * PAGE_BYTES)
  disk.setModel({ misdirectedWritePerMillion: ALWAYS })
  const file = await run(mounted().open('log'))
  await run(file.append(new Uint8Array(100).fill(2)))
  await run(file.close())
  const left = await content('log')
  t.is(left.filter((byte) => byte === 2).length, 100)
  t.deepEqual(left.slice(2 * PAGE_BYTES), new Uint8Array(100))
})

// Time

test('calls take from the least to twice the mean, and more for what they move; delayed syncs longer', async (t) => {
  const { runtime, disk, mounted, run } = stage({ minLatencyMs: 1, meanLatencyMs: 3, bytesPerMs: 100 })
  const file = await run(mounted().open('log'))
  const took = async (call: () => Promise<unknown>): Promise<number> => {
    const start = runtime.clock.now()
    let end = 0
    const done = call().then(() => {
      end = runtime.clock.now()
    })
    await run(done)
    return end - start
  }
  const reads = []
  for (let i = 0; i < 100; i++) reads.push(await took(() => file.read(0, 0)))
  t.true(reads.every((ms) => ms >= 1 && ms <= 5))
  t.true(Math.min(...reads) < 1.2 && Math.max(...reads) > 4.8)
  const append = await took(() => file.append(new Uint8Array(1_000)))
  t.true(append >= 11 && append <= 15)
  t.true((await took(() => file.sync())) <= 4)
  disk.setModel({ delayedSync: { oneIn: 1, maxMs: 5_000 } })
  t.true((await took(() => file.sync())) > 10)
})

test('equal seeds give equal runs, today and on every engine', async (t) => {
  const first = await turmoil(7)
  t.deepEqual(await turmoil(7), first)
  t.notDeepEqual((await turmoil(8)).events, first.events)
  t.is(hash32(JSON.stringify(first)), KNOWN_TURMOIL)
})

test('a fault that is left out shifts no other draw', async (t) => {
  const of = ({ events }: { events: readonly DiskEvent[] }, fault: string): number[] =>
    events.flatMap((event, at) => (event.fault === fault ? [at] : []))
  const all = await turmoil(3)
  const fewer = await turmoil(3, { failedReadPerMillion: 0, delayedSync: null })

  t.true(of(all, 'lied').length > 0 && of(all, 'delayed').length > 0)
  t.deepEqual(of(fewer, 'lied'), of(all, 'lied'))
  t.deepEqual(of(fewer, 'delayed'), [])
})

// A cluster's disks

test('with an atlas, lies, rot and stray writes on all disks leave a majority that has what was acknowledged', async (t) => {
  let lost = 0
  for (let seed = 1; seed <= 15; seed++) {
    const runtime = manualRuntime(seed)
    const atlas = new DiskAtlas({ nodes: ['a', 'b', 'c'] })
    const disks = ['a', 'b', 'c'].map((node) => {
      const model = {
        lyingSyncPerMillion: 300_000,
        corruptedReadPerMillion: 200_000,
        misdirectedWritePerMillion: 200_000,
      }
      return new SimulatedDisk({ node, atlas, model, random: runtime.random.stream(node) })
    })
    const run = <T>(work: Promise<T>): Promise<T> => within(runtime, work)
    const stages = disks.map((disk) => disk.mount(runtime.scheduler))
    const files = []
    for (const disk of stages) files.push(await run(disk.open('log')))
    await run(Promise.all(stages.map((disk) => disk.sync())))
    for (let i = 0; i < 8; i++) {
      for (const file of files) {
        await run(file.append(new Uint8Array(1_000).fill(i + 1)))
        await run(file.sync())
        await run(file.read(0, file.sizeBytes))
      }
    }
    for (const disk of disks) disk.crash()
    const expected = Uint8Array.from({ length: 8_000 }, (_, at) => 1 + Math.floor(at / 1_000))
    let good = 0
    for (const disk of disks) {
      disk.setModel({ corruptedReadPerMillion: 0 })
      const left = await run(
        disk
          .mount(runtime.scheduler)
          .open('log')
          .then((file) => file.read(0, 9_999)),
      )
      if (left.byteLength === 8_000 && left.every((byte, at) => byte === expected[at])) good++
    }
    t.true(good >= 2, `seed ${seed}`)
    lost += 3 - good
  }
  t.true(lost > 5, `${lost} disks damaged`)
})

test('damage is forgotten when the page is gone, made up for, or the file removed', async (t) => {
  const atlas = new DiskAtlas({ nodes: ['a', 'b', 'c'], unit: 'page' })
  const { disk, run, mounted, restart } = stage({}, 1, { atlas, node: 'a' })
  const bad = (page: number): boolean => atlas.damagedOn('log', page).length > 0
  let file = await run(mounted().open('log'))
  await run(mounted().sync())
  disk.setModel({ lyingSyncPerMillion: ALWAYS })
  await run(file.append(new Uint8Array(2 * PAGE_BYTES)))
  await run(file.sync())
  t.true(bad(0) && bad(1))
  disk.setModel({ lyingSyncPerMillion: 0 })
  await run(file.sync())
  t.false(bad(0) || bad(1))

  disk.setModel({ corruptedReadPerMillion: ALWAYS })
  await run(file.read(PAGE_BYTES, 10))
  t.true(bad(1))
  await run(file.sync())
  t.true(bad(1))
  await run(file.truncate(PAGE_BYTES))
  await run(file.sync())
  t.false(bad(1))

  disk.setModel({ lyingSyncPerMillion: ALWAYS })
  const other = await run(mounted().open('other'))
  await run(Promise.all([other.append(new Uint8Array(10)), other.sync(), mounted().sync()]))
  disk.setModel({ lyingSyncPerMillion: 0 })
  restart()
  // It is too late for another sync.
  const again = await run(mounted().open('other'))
  await run(Promise.all([again.append(new Uint8Array(PAGE_BYTES)), again.sync()]))
  t.deepEqual(atlas.damagedOn('other', 0), ['a'])
  await run(again.close())
  await run(Promise.all([mounted().remove('other'), mounted().sync()]))
  t.deepEqual(atlas.damagedOn('other', 0), [])
  file = await run(mounted().open('log'))

  await run(file.read(0, 10))
  t.true(bad(0))
  restart()
  t.true(bad(0))
  await run(mounted().remove('log'))
  t.true(bad(0))
  await run(mounted().sync())
  t.false(bad(0))

  disk.wipe()
  t.true(bad(0))
})

test('options and changes of the model are checked at the door', (t) => {
  const random = new SeededRandom(1)
  t.throws(() => new SimulatedDisk({} as never), { instanceOf: InvalidOptionError })
  t.throws(() => new SimulatedDisk({ random, modell: {} } as never), { instanceOf: UnknownOptionError })
  const disk = new SimulatedDisk({ random })
  const before = disk.model
  const wrong: [Partial<DiskModel>, RegExp][] = [
    [{ minSyncMs: 3 }, /meanSyncMs/],
    [{ meanLatencyMs: 0.01 }, /meanLatencyMs/],
    [{ crash: { kept: 0, dropped: 0, torn: 0 } }, /crash/],
    [{ crash: { kept: 0.5, dropped: 0, torn: 0 } }, /kept/],
    [{ delayedSync: { oneIn: 0, maxMs: 1 } }, /oneIn/],
    [{ delayedSync: { oneIn: 2 } as never }, /maxMs/],
    [{ crash: { kept: 1 } as never }, /dropped/],
    [{ lyingSyncPerMillion: 1_000_001 }, /lyingSyncPerMillion/],
  ]
  for (const [changes, message] of wrong)
    t.throws(() => disk.setModel(changes), { instanceOf: InvalidOptionError, message })
  t.throws(() => disk.setModel({ lyingSyncPerMilion: 1 } as never), { message: /did you mean "lyingSyncPerMillion"/ })
  t.is(disk.model, before)
})

const KNOWN_TURMOIL = 3_581_063_644

/** Everything goes wrong now and then: what the disk did, and what is left. */
async function turmoil(
  seed: number,
  changes: Partial<DiskModel> = {},
): Promise<{ events: DiskEvent[]; left: (string | number)[]; nowMs: number }> {
  const events: DiskEvent[] = []
  const model: Partial<DiskModel> = {
    delayedSync: { oneIn: 5, maxMs: 20 },
    failedReadPerMillion: 100_000,
    lyingSyncPerMillion: 200_000,
    corruptedReadPerMillion: 100_000,
    misdirectedWritePerMillion: 100_000,
    capacityBytes: 100_000,
    ...changes,
  }
  const { runtime, disk, run, mounted, restart } = stage(model, seed, {
    // The bytes are in what is read again.
    observe: ({ bytes: _, ...event }) => void events.push(event),
  })
  const random = new SeededRandom(seed)
  const left: (string | number)[] = []
  for (let start = 0; start < 3; start++) {
    const file = await run(mounted().open('log'))
    for (let i = 0; i < 15; i++) {
      const append = file.append(new Uint8Array(random.below(6_000)).fill(i + 1))
      const calls = [
        append,
        file.sync(),
        file.read(0, file.sizeBytes),
        mounted().open(`${start}-${i}`),
        mounted().sync(),
      ]
      await run(Promise.allSettled(calls))
    }
    restart()
    disk.setModel({ ...model, failedReadPerMillion: 0 })
    const log = await run(mounted().open('log'))
    left.push(...(await run(mounted().list())), hash32((await run(log.read(0, log.sizeBytes))).join()))
    await run(log.close())
    disk.setModel(model)
  }
  return { events, left, nowMs: Math.round(runtime.clock.now() * 1_000) }
}

interface Stage {
  readonly runtime: ManualRuntime
  readonly disk: SimulatedDisk
  run<T>(work: Promise<T>): Promise<T>
  /** The disk as the present start has it. */
  mounted(): Disk
  remount(): void
  /** A crash, and a new start. */
  restart(): void
  /** Appends ones and syncs the file and its name. */
  write(name: string, sizeBytes: number): Promise<void>
  content(name: string): Promise<Uint8Array>
}

function stage(
  model: Partial<DiskModel> = {},
  seed = 1,
  rest: { atlas?: DiskAtlas; node?: string; observe?: (event: DiskEvent) => void } = {},
): Stage {
  const runtime = manualRuntime(seed)
  const disk = new SimulatedDisk({ random: runtime.random.stream('disk'), model, ...rest })
  let present = disk.mount(runtime.scheduler)
  const run = <T>(work: Promise<T>): Promise<T> => within(runtime, work)
  const remount = (): void => {
    present = disk.mount(runtime.scheduler)
  }
  return {
    runtime,
    disk,
    run,
    remount,
    mounted: () => present,
    restart: () => {
      disk.crash()
      remount()
    },
    write: async (name, sizeBytes) => {
      const file = await run(present.open(name))
      await run(
        Promise.all([file.append(new Uint8Array(sizeBytes).fill(1)), file.sync(), present.sync(), file.close()]),
      )
    },
    content: async (name) => {
      const file = await run(present.open(name))
      const bytes = await run(file.read(0, file.sizeBytes))
      await run(file.close())
      return bytes
    },
  }
}
