import {
  checkExtent,
  checkFileName,
  checkOptions,
  type Disk,
  DiskFailedError,
  type DiskFile,
  DiskFullError,
  FileClosedError,
  FileInUseError,
  FileNotFoundError,
  is,
  type OpenOptions,
  type Scheduler,
} from '@troupe/core'
import type { DiskEvent, DiskFault } from './disk-event.ts'
import type { DiskFaults } from './disk-faults.ts'
import { pageOf, type StoredFile } from './stored-file.ts'
import type { StoredNames } from './stored-names.ts'

/** What is under a mounted disk and outlives it. */
export interface DiskGround {
  readonly names: StoredNames
  readonly faults: DiskFaults
  readonly observe: (event: DiskEvent) => void
}

/** A call under way: when it ends, and what it does then. A call has its effect as it begins, a sync as it ends. */
interface Call<T> {
  readonly latencyMs: number
  end(): T
}

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
      const { ms, delayed } = faults.syncLatencyMs()
      observe({ kind: 'sync-names', file: null, sizeBytes: 0, fault: fails ? 'failed' : delayed ? 'delayed' : null })
      const end = (): void => {
        if (fails) throw new DiskFailedError(null, 'sync', 'the simulated disk fails')
        for (const file of names.sync()) faults.gone(file)
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

  readonly #run = <T>(queue: CallQueue, begin: () => Call<T>): Promise<T> =>
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

type Run = <T>(queue: CallQueue, begin: () => Call<T>) => Promise<T>

class MountedFile implements DiskFile {
  readonly #file: StoredFile
  readonly #ground: DiskGround
  readonly #run: Run
  readonly #onClose: () => void
  readonly #calls = new CallQueue()
  #closed: Promise<void> | null = null
  #syncFailed = false

  constructor(file: StoredFile, ground: DiskGround, run: Run, onClose: () => void) {
    this.#file = file
    this.#ground = ground
    this.#run = run
    this.#onClose = onClose
  }

  get sizeBytes(): number {
    return this.#file.sizeBytes
  }

  append(bytes: Uint8Array): Promise<void> {
    return this.#call('append to', () => {
      const { name } = this.#file
      const { names, faults } = this.#ground
      const latencyMs = faults.latencyMs(bytes.byteLength)
      if (faults.model.capacityBytes < names.usedBytes + bytes.byteLength) {
        this.#observe('append', 0, 'full')
        return failing(latencyMs, new DiskFullError(name, 'append to'))
      }
      if (faults.failsWrite()) return this.#failing('append', 'append to', latencyMs)
      const before = this.sizeBytes
      const to = bytes.byteLength === 0 ? null : faults.misdirectsWrite(this.#file)
      this.#file.append(bytes)
      if (to !== null) this.#file.misdirect(pageOf(before), to, before)
      this.#observe('append', bytes.byteLength, to === null ? null : 'misdirected')
      return { latencyMs, end: nothing }
    })
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return this.#call('read', () => {
      checkExtent('read', 'offset', offset)
      checkExtent('read', 'length', length)
      const { faults } = this.#ground
      const there = Math.max(0, Math.min(length, this.sizeBytes - offset))
      const latencyMs = faults.latencyMs(there)
      if (faults.failsRead()) return this.#failing('read', 'read', latencyMs)
      const page = faults.corruptsRead(this.#file, offset, length)
      if (page !== null) this.#file.corrupt(page, faults.stream('corrupted bit'))
      this.#observe('read', there, page === null ? null : 'corrupted')
      const bytes = this.#file.read(offset, length)
      return { latencyMs, end: () => bytes }
    })
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.#call('truncate', () => {
      checkExtent('truncate', 'sizeBytes', sizeBytes, this.sizeBytes)
      const { faults } = this.#ground
      const latencyMs = faults.latencyMs(0)
      if (faults.failsWrite()) return this.#failing('truncate', 'truncate', latencyMs)
      this.#file.truncate(sizeBytes)
      this.#observe('truncate', sizeBytes, null)
      return { latencyMs, end: nothing }
    })
  }

  sync(): Promise<void> {
    return this.#call('sync', () => {
      const { faults } = this.#ground
      const { ms, delayed } = faults.syncLatencyMs()
      const fails = faults.failsSync()
      const lies = !fails && faults.liesAtSync(this.#file)
      this.#observe('sync', this.sizeBytes, fails ? 'failed' : lies ? 'lied' : delayed ? 'delayed' : null)
      const end = (): void => {
        if (fails) {
          this.#file.failSync()
          this.#syncFailed = true
          throw new DiskFailedError(this.#file.name, 'sync', 'the simulated disk fails')
        }
        if (lies) return
        this.#file.sync()
        faults.synced(this.#file)
      }
      return { latencyMs: ms, end }
    })
  }

  close(): Promise<void> {
    this.#closed ??= this.#run(this.#calls, () => {
      this.#observe('close', 0, null)
      return { latencyMs: this.#ground.faults.latencyMs(0), end: this.#onClose }
    })
    return this.#closed
  }

  #call<T>(action: string, begin: () => Call<T>): Promise<T> {
    if (this.#closed !== null) return Promise.reject(new FileClosedError(this.#file.name, action))
    return this.#run(this.#calls, () => {
      if (this.#syncFailed && action !== 'read')
        throw new DiskFailedError(this.#file.name, action, 'an earlier sync has failed')
      return begin()
    })
  }

  #failing(kind: DiskEvent['kind'], action: string, latencyMs: number): Call<never> {
    this.#observe(kind, 0, 'failed')
    return failing(latencyMs, new DiskFailedError(this.#file.name, action, 'the simulated disk fails'))
  }

  #observe(kind: DiskEvent['kind'], sizeBytes: number, fault: DiskFault | null): void {
    this.#ground.observe({ kind, file: this.#file.name, sizeBytes, fault })
  }
}

/** Calls that are carried out one after another. */
class CallQueue {
  #waiting: ((done: () => void) => void)[] = []
  #busy = false

  /** @param work calls `done` when the next one may begin */
  add(work: (done: () => void) => void): void {
    this.#waiting.push(work)
    if (!this.#busy) this.#next()
  }

  readonly #next = (): void => {
    const work = this.#waiting.shift()
    this.#busy = work !== undefined
    work?.(this.#next)
  }
}

function failing(latencyMs: number, error: unknown): Call<never> {
  return {
    latencyMs,
    end: () => {
      throw error
    },
  }
}

function nothing(): void {}
