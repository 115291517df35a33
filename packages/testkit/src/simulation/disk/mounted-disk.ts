import {
  checkFileName,
  checkOptions,
  type Disk,
  DiskFailedError,
  type DiskFile,
  FileInUseError,
  FileNotFoundError,
  is,
  type OpenOptions,
  type Scheduler,
} from '@troupe/core'
import { type Call, CallQueue, type Carry, failing } from './call-queue.ts'
import type { DiskEvent } from './disk-event.ts'
import { type DiskGround, MountedFile } from './mounted-file.ts'
import type { StoredFile } from './stored-file.ts'

/** The disk as one start of a node has it. Once that start is over, no call settles: nobody is there to hear of it. */
export class MountedDisk implements Disk {
  readonly #ground: DiskGround
  readonly #scheduler: Scheduler
  readonly #names = new CallQueue()
  readonly #open = new Set<StoredFile>()
  #live = true

  constructor(ground: DiskGround, scheduler: Scheduler) {
    this.#ground = ground
    this.#scheduler = scheduler
  }

  /** From here on nothing of this start has any effect. */
  end(): void {
    this.#live = false
  }

  open(name: string, options?: OpenOptions): Promise<DiskFile> {
    return this.#call('open', name, () => {
      checkFileName('open', name)
      checkOptions('disk.open', options, { create: is.boolean })
      const { names } = this.#ground
      const found = names.get(name)
      if (found === undefined && options?.create === false) throw new FileNotFoundError(name, 'open')
      if (found !== undefined && this.#open.has(found)) throw new FileInUseError(name, 'open')
      const file = found ?? names.create(name)
      this.#open.add(file)
      return new MountedFile(file, this.#ground, this.#run, () => this.#open.delete(file))
    })
  }

  list(): Promise<string[]> {
    return this.#call('list', null, () => this.#ground.names.list())
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call('rename', to, () => {
      checkFileName('rename', from)
      checkFileName('rename', to)
      const { names } = this.#ground
      const replaced = names.get(to)
      if (names.get(from) === undefined) throw new FileNotFoundError(from, 'rename')
      if (from === to) return
      if (replaced !== undefined && this.#open.has(replaced)) throw new FileInUseError(to, 'replace')
      names.rename(from, to)
    })
  }

  remove(name: string): Promise<void> {
    return this.#call('remove', name, () => {
      checkFileName('remove', name)
      const file = this.#ground.names.get(name)
      if (file === undefined) throw new FileNotFoundError(name, 'remove')
      if (this.#open.has(file)) throw new FileInUseError(name, 'remove')
      this.#ground.names.remove(name)
    })
  }

  sync(): Promise<void> {
    const { names, faults, observe } = this.#ground
    return this.#run(this.#names, () => {
      const fails = faults.failsSync()
      const lies = !fails && faults.liesAtNameSync(names.changed)
      const { ms, delayed } = faults.syncLatencyMs()
      const fault = fails ? 'failed' : lies ? 'lied' : delayed ? 'delayed' : null
      observe({ kind: 'sync-names', file: null, sizeBytes: 0, fault })
      const end = (): void => {
        if (fails) throw new DiskFailedError(null, 'sync', 'the simulated disk fails')
        if (lies) return
        for (const file of names.sync()) faults.gone(file)
        faults.namesSynced()
      }
      return { latencyMs: ms, end }
    })
  }

  /** A call about names, which has its effect at once. All but a list can fail. */
  #call<T>(kind: DiskEvent['kind'], file: string | null, work: () => T): Promise<T> {
    const { faults, observe } = this.#ground
    return this.#run(this.#names, () => {
      const fails = kind !== 'list' && faults.failsWrite()
      const latencyMs = faults.latencyMs(0)
      observe({ kind, file, sizeBytes: 0, fault: fails ? 'failed' : null })
      if (fails) return failing(latencyMs, new DiskFailedError(file, kind, 'the simulated disk fails'))
      const result = work()
      return { latencyMs, end: () => result }
    })
  }

  readonly #run: Carry = <T>(queue: CallQueue, begin: () => Call<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const settle = (call: Call<T>, done: () => void): void => {
        const end = (): void => {
          if (!this.#live) return
          done()
          try {
            resolve(call.end())
          } catch (error) {
            reject(error)
          }
        }
        this.#scheduler.after(call.latencyMs, end)
      }
      queue.add((done) => {
        if (!this.#live) return
        let call: Call<T>
        try {
          call = begin()
        } catch (error) {
          // What is wrong with the call itself is known without the disk.
          call = failing(0, error)
        }
        settle(call, done)
      })
    })
}
