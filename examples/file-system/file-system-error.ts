export type FileSystemErrorCode =
  | 'BAD_NAME'
  | 'BAD_REQUEST'
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'RANGE_NOT_SATISFIABLE'
  | 'UNAVAILABLE'
  | 'DISK_FULL'
  | 'INTERNAL'

const STATUS: Readonly<Record<FileSystemErrorCode, number>> = {
  BAD_NAME: 400,
  BAD_REQUEST: 400,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  RANGE_NOT_SATISFIABLE: 416,
  UNAVAILABLE: 503,
  DISK_FULL: 507,
  INTERNAL: 500,
}

/** Something the file system cannot do, for those who use it: what is wrong, and the way out. */
export class FileSystemError extends Error {
  override readonly name = 'FileSystemError'
  readonly code: FileSystemErrorCode
  /** The way out, one sentence. */
  readonly advice: string

  constructor(code: FileSystemErrorCode, message: string, advice: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.advice = advice
  }

  /** The HTTP status that says the same. */
  get status(): number {
    return STATUS[this.code]
  }
}
