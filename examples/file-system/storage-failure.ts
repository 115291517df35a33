import { AskError, ReplyError, TroupeError } from '@troupe/core'
import { FileSystemError } from './file-system-error.ts'

/** What the operating system says when there is no room: on the disk, in the quota, or below the limit of a file. */
const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** Whether a node refused because its disk is full, wherever in the chain of causes that stands. */
export function isDiskFull(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ReplyError && FULL.has(cause.causeCode)) return true
  }
  return false
}

/** What a failure of the nodes means for whoever uses the file system. */
export function asFileSystemError(error: unknown): unknown {
  // One of ours may come back through an actor, wrapped.
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof FileSystemError) return cause
  if (isDiskFull(error)) {
    const advice = 'Delete files or make room on the disks of the storage nodes; what was stored before is still there.'
    return new FileSystemError('DISK_FULL', 'the disks of too many storage nodes are full', advice, { cause: error })
  }
  const isTransient = error instanceof AskError || (error instanceof TroupeError && error.retryable)
  if (!isTransient) return error
  const advice = 'Try again in a few seconds; storing the same again does no harm.'
  return new FileSystemError('UNAVAILABLE', `too few storage nodes answer: ${error.message}`, advice, { cause: error })
}
