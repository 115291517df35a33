import { checkExtent, DiskFailedError, type DiskFile, DiskFullError, FileClosedError } from '@troupe/core'
import { type Call, CallQueue, type Carry, failing } from './call-queue.ts'
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

/** An open file, as one start of a node has it. */
export class MountedFile implements DiskFile {
  readonly #file: StoredFile
  readonly #ground: DiskGround
  readonly #run: Carry
  readonly #onClose: () => void
  readonly #calls = new CallQueue()
  #closed: Promise<void> | null = null
  #syncFailed = false

  constructor(file: StoredFile, ground: DiskGround, run: Carry, onClose: () => void) {
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
      const { capacityBytes } = faults.model
      // Without a limit there is nothing to count.
      if (capacityBytes < Number.MAX_SAFE_INTEGER && capacityBytes < names.usedBytes + bytes.byteLength) {
        this.#observe('append', 0, 'full')
        return failing(latencyMs, new DiskFullError(name, 'append to'))
      }
      if (faults.failsWrite()) return this.#failing('append', 'append to', latencyMs)
      const before = this.sizeBytes
      const to = bytes.byteLength === 0 ? null : faults.misdirectsWrite(this.#file)
      this.#file.append(bytes)
      if (to !== null) this.#file.misdirect(pageOf(before), to, before)
      this.#ground.observe({
        kind: 'append',
        file: name,
        sizeBytes: bytes.byteLength,
        bytes,
        fault: to === null ? null : 'misdirected',
      })
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

function nothing(): void {}
