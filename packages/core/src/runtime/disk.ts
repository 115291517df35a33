import { InvalidOptionError } from '../errors.ts'

/**
 * The files of one node, in one folder: the seam between whatever must outlive a crash and the host's disk.
 *
 * **Order.** Calls that concern names (`open`, `list`, `rename`, `remove`, `sync` of the disk) are carried out one
 * after another in the order they were made, and so are the calls of one file. Files do not wait for each other.
 *
 * **Durable.** What is in a file is durable once {@link DiskFile.sync} has resolved that was called after it was
 * appended; until then a crash keeps or loses each page of 4 KiB of it by itself, or tears it: parts of 512 bytes are
 * kept or lost. Names are durable once {@link Disk.sync} has resolved that was called after they changed; until
 * then a crash undoes the latest changes, any number of them. So a new file survives for certain after both.
 *
 * **Names** are 1 to 128 of A-Z, a-z, 0-9 and `._~-`, and do not begin with a dot. No two should differ in case only.
 *
 * Calls reject with {@link DiskFullError} or {@link DiskFailedError}, besides what each one says.
 */
export interface Disk {
  /**
   * Opens a file, and makes an empty one where there is none. A file is open once at a time.
   *
   * @returns rejects with {@link FileInUseError} while it is open; with {@link FileNotFoundError} where `create` is
   *   false and there is none; with {@link InvalidOptionError} for a name that is none
   */
  open(name: string, options?: OpenOptions): Promise<DiskFile>
  /** The names of all files, in the order of their code units. */
  list(): Promise<string[]>
  /**
   * Gives a file another name, in one step: whoever had that name is gone, and at no time is there nobody. A file
   * that is open stays open.
   *
   * @returns rejects with {@link FileNotFoundError}; with {@link FileInUseError} while a file called `to` is open
   */
  rename(from: string, to: string): Promise<void>
  /**
   * Removes a file.
   *
   * @returns rejects with {@link FileNotFoundError}; with {@link FileInUseError} while it is open
   */
  remove(name: string): Promise<void>
  /** Makes durable which files there are and what they are called. It says nothing of what is in them. */
  sync(): Promise<void>
}

/** How {@link Disk.open} opens. */
export interface OpenOptions {
  /** Makes the file where there is none. Default true. */
  readonly create?: boolean
}

/**
 * An open file, which grows at its end and is read anywhere. After `close` every call rejects with
 * {@link FileClosedError}.
 */
export interface DiskFile {
  /** How long it is by the calls that have been carried out, in bytes. */
  readonly sizeBytes: number
  /**
   * Adds `bytes` at the end. They belong to the disk until the call has settled: do not change them before.
   *
   * @returns rejects with {@link DiskFullError} or {@link DiskFailedError}, and then the file is as long as before
   */
  append(bytes: Uint8Array): Promise<void>
  /**
   * Reads `length` bytes from `offset` on, fewer where the file ends.
   *
   * @returns bytes of the caller's own; rejects with {@link InvalidOptionError} unless both are integers from 0
   */
  read(offset: number, length: number): Promise<Uint8Array>
  /**
   * Cuts the file off. Until the next sync, what stood behind the cut may come back after a crash, in whole or in part,
   * also in the midst of what was appended since.
   *
   * @returns rejects with {@link InvalidOptionError} unless `sizeBytes` is an integer from 0 to the present length
   */
  truncate(sizeBytes: number): Promise<void>
  /**
   * Makes durable what is in the file, and how long it is.
   *
   * When it rejects, nothing that was appended or cut off since the last sync that resolved is to be trusted, now or
   * later, even where it reads well and another sync resolves: hosts forget what they could not write. The file
   * takes no more appends, cuts and syncs, all of which reject with {@link DiskFailedError}; write what matters to
   * another file, or stop the node.
   */
  sync(): Promise<void>
  /** Closes the file once the calls before have been carried out. It makes nothing durable. Again: does nothing. */
  close(): Promise<void>
}

/** For those who write a disk. @throws {InvalidOptionError} for a name that is none */
export function checkFileName(action: string, name: unknown): void {
  if (typeof name !== 'string' || !/^[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,127}$/.test(name))
    throw new InvalidOptionError(
      `disk.${action}`,
      'name',
      'a name of 1 to 128 of A-Za-z0-9._~-, not with a dot first',
      name,
    )
}

/** For those who write a disk. @throws {InvalidOptionError} unless it is a place in a file, or a length: an integer from 0, at most `max` */
export function checkExtent(
  action: string,
  option: string,
  value: unknown,
  max: number = Number.MAX_SAFE_INTEGER,
): void {
  if (!Number.isSafeInteger(value) || Number(value) < 0 || Number(value) > max) {
    const range = max === Number.MAX_SAFE_INTEGER ? 'of at least 0' : `from 0 to ${max}`
    throw new InvalidOptionError(`file.${action}`, option, `an integer ${range}`, value)
  }
}
