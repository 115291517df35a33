import { constants, type Dirent } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import {
  DiskFailedError,
  DiskFullError,
  FileClosedError,
  FileInUseError,
  FileNotFoundError,
  InvalidOptionError,
  toError,
} from '../errors.ts'
import { checkOptions, is } from '../options.ts'
import { checkExtent, checkFileName, type Disk, type DiskFile, type OpenOptions } from './disk.ts'
import { Serial } from './serial.ts'

/**
 * The host's disk: files of that name in `folder`, which is made when first needed. For one process at a time, which
 * nobody checks.
 *
 * ```ts
 * const runtime = { ...realRuntime(), disk: nodeDisk('/var/lib/store') }
 * ```
 * A sync is an `fdatasync`, on macOS a full one; on Windows, where folders cannot be synced, names are durable as the
 * file system has it.
 *
 * @throws {InvalidOptionError} for a folder that is no path
 */
export function nodeDisk(folder: string): Disk {
  if (typeof folder !== 'string' || folder === '') throw new InvalidOptionError('nodeDisk', 'folder', 'a path', folder)
  return new NodeDisk(folder)
}

class NodeDisk implements Disk {
  readonly #folder: string
  readonly #names = new Serial()
  readonly #open = new Map<string, NodeFile>()
  #made = false

  constructor(folder: string) {
    this.#folder = resolve(folder)
  }

  open(name: string, options?: OpenOptions): Promise<DiskFile> {
    return this.#names.run(async () => {
      checkFileName('open', name)
      checkOptions('disk.open', options, { create: is.boolean })
      if (this.#open.has(name)) throw new FileInUseError(name, 'open')
      const create = options?.create === false ? 0 : constants.O_CREAT
      await this.#makeFolder()
      const handle = await attempt('open', name, () => open(join(this.#folder, name), constants.O_RDWR | create))
      const { size } = await attempt('open', name, () => handle.stat()).catch(async (error: unknown) => {
        await handle.close()
        throw error
      })
      const file = new NodeFile(name, handle, size, () => this.#open.delete(file.name))
      this.#open.set(name, file)
      return file
    })
  }

  list(): Promise<string[]> {
    return this.#names.run(async () => {
      await this.#makeFolder()
      const entries = await attempt<Dirent[]>('list', null, () => readdir(this.#folder, { withFileTypes: true }))
      return entries
        .filter((entry) => entry.isFile() && isFileName(entry.name))
        .map(({ name }) => name)
        .sort()
    })
  }

  rename(from: string, to: string): Promise<void> {
    return this.#names.run(async () => {
      checkFileName('rename', from)
      checkFileName('rename', to)
      // Before the file in use: of two reasons all disks give the same.
      await attempt('rename', from, () => stat(join(this.#folder, from)))
      if (from === to) return
      if (this.#open.has(to)) throw new FileInUseError(to, 'replace')
      await attempt('rename', from, () => rename(join(this.#folder, from), join(this.#folder, to)))
      const file = this.#open.get(from)
      if (file === undefined) return
      file.name = to
      this.#open.delete(from)
      this.#open.set(to, file)
    })
  }

  remove(name: string): Promise<void> {
    return this.#names.run(async () => {
      checkFileName('remove', name)
      if (this.#open.has(name)) throw new FileInUseError(name, 'remove')
      await attempt('remove', name, () => unlink(join(this.#folder, name)))
    })
  }

  sync(): Promise<void> {
    return this.#names.run(async () => {
      await this.#makeFolder()
      if (process.platform === 'win32') return
      await attempt('sync', null, () => syncFolder(this.#folder))
    })
  }

  async #makeFolder(): Promise<void> {
    if (this.#made) return
    const made = await attempt('make', null, () => mkdir(this.#folder, { recursive: true }))
    this.#made = true
    if (made === undefined || process.platform === 'win32') return
    // The names of the new folders have to be durable, or none in them is.
    for (let path = this.#folder; path.length >= made.length; path = dirname(path))
      await attempt('sync', null, () => syncFolder(dirname(path)))
  }
}

class NodeFile implements DiskFile {
  name: string
  sizeBytes: number
  readonly #handle: FileHandle
  readonly #calls = new Serial()
  readonly #onClose: () => void
  #closed: Promise<void> | null = null
  /** Set by the failure after which the file is not what it was believed to be. */
  #broken: Error | null = null

  constructor(name: string, handle: FileHandle, sizeBytes: number, onClose: () => void) {
    this.name = name
    this.#handle = handle
    this.sizeBytes = sizeBytes
    this.#onClose = onClose
  }

  append(bytes: Uint8Array): Promise<void> {
    return this.#call('append to', true, async () => {
      try {
        await this.#write(bytes)
      } catch (error) {
        // A part may be there.
        await attempt('cut back', this.name, () => this.#handle.truncate(this.sizeBytes)).catch((failure: Error) => {
          this.#broken = failure
        })
        throw error
      }
      this.sizeBytes += bytes.byteLength
    })
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.byteLength; ) {
      const at = this.sizeBytes + written
      const { bytesWritten } = await attempt('append to', this.name, () =>
        this.#handle.write(bytes, written, bytes.byteLength - written, at),
      )
      written += bytesWritten
    }
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return this.#call('read', false, async () => {
      checkExtent('read', 'offset', offset)
      checkExtent('read', 'length', length)
      const bytes = new Uint8Array(Math.max(0, Math.min(length, this.sizeBytes - offset)))
      let read = 0
      while (read < bytes.byteLength) {
        const { bytesRead } = await attempt('read', this.name, () =>
          this.#handle.read(bytes, read, bytes.byteLength - read, offset + read),
        )
        // Somebody else has cut it off.
        if (bytesRead === 0) break
        read += bytesRead
      }
      return bytes.subarray(0, read)
    })
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.#call('truncate', true, async () => {
      checkExtent('truncate', 'sizeBytes', sizeBytes, this.sizeBytes)
      await attempt('truncate', this.name, () => this.#handle.truncate(sizeBytes))
      this.sizeBytes = sizeBytes
    })
  }

  sync(): Promise<void> {
    return this.#call('sync', true, async () => {
      await attempt('sync', this.name, () => this.#handle.datasync()).catch((failure: Error) => {
        this.#broken = failure
        throw failure
      })
    })
  }

  close(): Promise<void> {
    this.#closed ??= this.#calls.run(async () => {
      this.#onClose()
      await attempt('close', this.name, () => this.#handle.close())
    })
    return this.#closed
  }

  #call<T>(action: string, changes: boolean, work: () => Promise<T>): Promise<T> {
    if (this.#closed !== null) return Promise.reject(new FileClosedError(this.name, action))
    return this.#calls.run(() => {
      if (changes && this.#broken !== null)
        throw new DiskFailedError(this.name, action, 'an earlier call has failed', { cause: this.#broken })
      return work()
    })
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function isFileName(name: string): boolean {
  try {
    checkFileName('list', name)
    return true
  } catch {
    return false
  }
}

/** What `work` gives; what it fails with is said in the words of the contract. */
async function attempt<T>(action: string, file: string | null, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    const cause = toError(thrown)
    const { code } = cause as { readonly code?: unknown }
    if (file !== null && code === 'ENOENT') throw new FileNotFoundError(file, action, { cause })
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new DiskFullError(file ?? 'the folder', action, { cause })
    throw new DiskFailedError(file, action, cause.message, { cause })
  }
}
