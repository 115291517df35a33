import { type Disk, is, type Random, requireOptions, type Scheduler } from '@troupe/core'
import type { DiskAtlas } from './disk-atlas.ts'
import type { DiskEvent } from './disk-event.ts'
import { DiskFaults } from './disk-faults.ts'
import { changedModel, DEFAULT_DISK_MODEL, type DiskModel } from './disk-model.ts'
import { MountedDisk } from './mounted-disk.ts'
import type { DiskGround } from './mounted-file.ts'
import { StoredNames } from './stored-names.ts'

/** What a simulated disk is made of. */
export interface SimulatedDiskOptions {
  /** All chance: equal streams, equal calls, equal results. */
  readonly random: Random
  /** How it behaves at first. Default: a sound disk, see {@link DEFAULT_DISK_MODEL}. */
  readonly model?: Partial<DiskModel>
  /** The name of its node, for the atlas. Default `disk`. */
  readonly node?: string
  /** What limits damage that nobody is told of. Default: nothing does. */
  readonly atlas?: DiskAtlas
  /** Called with each thing it does, at the instant it begins. */
  readonly observe?: (event: DiskEvent) => void
}

/**
 * The disk of one node in a simulation: it outlives the crashes of the node, and is mounted by each start of it.
 *
 * ```ts
 * const disk = new SimulatedDisk({ random: random.stream('disk:n1') })
 * const runtime = { ...manual, disk: disk.mount(manual.scheduler) }
 * disk.crash() // and what was not synced is kept, dropped or torn
 * ```
 * An append costs O(bytes), a sync and a crash O(pages that have changed); nothing is kept but the files.
 */
export class SimulatedDisk {
  readonly #ground: DiskGround
  readonly #node: string
  readonly #atlas: DiskAtlas | null
  readonly #random: Random
  #mounted: MountedDisk | null = null

  /** @throws {UnknownOptionError | InvalidOptionError} */
  constructor(options: SimulatedDiskOptions) {
    const required = { random: is.objectWith('a source of chance', 'below', 'stream') }
    requireOptions('SimulatedDisk', options, required, {
      model: is.object,
      node: is.string,
      atlas: is.objectWith('an atlas', 'claim', 'release'),
      observe: is.function,
    })
    const { random, model, node = 'disk', atlas = null, observe = () => {} } = options
    this.#node = node
    this.#atlas = atlas
    this.#random = random.stream('crash')
    const faults = new DiskFaults(node, random, changedModel('SimulatedDisk', DEFAULT_DISK_MODEL, model), atlas)
    this.#ground = { names: new StoredNames(), faults, observe }
  }

  /** How it behaves at present. */
  get model(): DiskModel {
    return this.#ground.faults.model
  }

  /**
   * Changes how it behaves, from the next call on; what is not named stays as it is.
   *
   * @throws {UnknownOptionError | InvalidOptionError} and nothing has changed
   */
  setModel(changes: Partial<DiskModel>): void {
    this.#ground.faults.model = changedModel('SimulatedDisk.setModel', this.model, changes)
  }

  /** How long all files are together, in bytes. */
  get usedBytes(): number {
    return this.#ground.names.usedBytes
  }

  /**
   * The disk for one start of the node. What an earlier start has mounted has no effect any more, as if that had closed
   * its files and ended: nothing is lost, unless there was a crash.
   *
   * @param scheduler that of the start: calls end on it
   */
  mount(scheduler: Scheduler): Disk {
    this.#mounted?.end()
    this.#mounted = new MountedDisk(this.#ground, scheduler)
    return this.#mounted
  }

  /** The host goes down: calls under way never settle, and of what was not synced the model decides what is left. */
  crash(): void {
    this.#unmount()
    const { names, faults, observe } = this.#ground
    const { left, gone } = names.crash(this.#random)
    for (const file of left) {
      file.crash(this.#random, this.model.crash)
      faults.crashed(file)
      observe({ kind: 'crash', file: file.name, sizeBytes: file.sizeBytes, fault: null })
    }
    for (const file of gone) faults.gone(file)
    faults.namesCrashed()
    observe({ kind: 'crash', file: null, sizeBytes: this.usedBytes, fault: null })
  }

  /** The disk is replaced by an empty one, and the atlas is told that all of it is lost. */
  wipe(): void {
    this.#unmount()
    const { names, faults, observe } = this.#ground
    for (const file of names.clear()) faults.gone(file)
    this.#atlas?.lose(this.#node)
    observe({ kind: 'wipe', file: null, sizeBytes: 0, fault: null })
  }

  #unmount(): void {
    this.#mounted?.end()
    this.#mounted = null
  }
}
