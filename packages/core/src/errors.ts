import type { TerminationReason } from './actor/watcher.ts'

/**
 * Base of every error Troupe throws or reports.
 *
 * `code` is stable across versions and safe to switch on; `message` is for people and may change.
 */
export abstract class TroupeError extends Error {
  abstract readonly code: string
  /** Whether the same call may succeed later without a change by the caller. */
  readonly retryable: boolean = false
}

/** An option object holds a key nobody reads. */
export class UnknownOptionError extends TroupeError {
  override readonly name = 'UnknownOptionError'
  readonly code = 'UNKNOWN_OPTION'
  readonly option: string
  readonly suggestion: string | null

  constructor(where: string, option: string, known: readonly string[], suggestion: string | null) {
    const hint = suggestion === null ? `known options: ${known.join(', ')}` : `did you mean "${suggestion}"?`
    super(`${where}: unknown option "${option}"; ${hint}`)
    this.option = option
    this.suggestion = suggestion
  }
}

/** An option has a value outside what it may be. */
export class InvalidOptionError extends TroupeError {
  override readonly name = 'InvalidOptionError'
  readonly code = 'INVALID_OPTION'
  readonly option: string

  constructor(where: string, option: string, expected: string, got: unknown) {
    super(`${where}: option "${option}" must be ${expected}, got ${describe(got)}`)
    this.option = option
  }
}

/** A sibling of that name is alive: names are unique below one parent. */
export class NameTakenError extends TroupeError {
  override readonly name = 'NameTakenError'
  readonly code = 'NAME_TAKEN'

  constructor(path: string) {
    super(`an actor named ${path} is running; choose another name or stop that one first`)
  }
}

/** A bounded mailbox is full, and its actor was to fail rather than lose a message. */
export class MailboxFullError extends TroupeError {
  override readonly name = 'MailboxFullError'
  readonly code = 'MAILBOX_FULL'
  override readonly retryable = true

  constructor(path: string) {
    super(`the mailbox of ${path} is full; send slower with offer, or give it a larger one`)
  }
}

/** `ctx.stash()` has no room for one more message. The message is still at hand: it was not set aside. */
export class StashFullError extends TroupeError {
  override readonly name = 'StashFullError'
  readonly code = 'STASH_FULL'
  readonly capacity: number

  constructor(path: string, capacity: number) {
    super(
      `the stash of ${path} holds ${capacity} messages, its limit; unstash, answer with ctx.replyError, ` +
        'or raise stashCapacity in the options of actor()',
    )
    this.capacity = capacity
  }
}

/** A set-up returned something that has no handlers: nothing at all, mostly, or a promise of them. */
export class NoHandlersError extends TroupeError {
  override readonly name = 'NoHandlersError'
  readonly code = 'NO_HANDLERS'

  constructor(path: string, got: unknown) {
    const what = got === undefined ? 'nothing' : got instanceof Promise ? 'a promise' : describe(got)
    const advice =
      got instanceof Promise
        ? 'it cannot wait; start what takes time with ctx.pipe or ctx.task, and return the handlers at once'
        : 'it must return its handlers, an object with one function per message'
    super(`the set-up of ${path} returned ${what}: ${advice}`)
  }
}

/** Something was to be done with the message being handled, and there is none. */
export class NoMessageError extends TroupeError {
  override readonly name = 'NoMessageError'
  readonly code = 'NO_MESSAGE'

  constructor(path: string, action: string) {
    super(`${path}: ${action} without a message at hand; call it in a handler, once for each message`)
  }
}

/** An actor that this one is linked with has ended, and not by stopping in order: so this one fails too. */
export class LinkedActorError extends TroupeError {
  override readonly name = 'LinkedActorError'
  readonly code = 'LINKED_ACTOR'
  /** Path of the actor that ended; with the address where that is on another node. */
  readonly linked: string
  readonly reason: TerminationReason

  constructor(path: string, linked: string, reason: TerminationReason) {
    super(`${path} is linked with ${linked}, which has ended: ${reason}; unlink it first where that is no failure`)
    this.linked = linked
    this.reason = reason
  }
}

/** A permanent actor has stopped by itself. Its supervision restarts it, or its parent fails with this error. */
export class UnexpectedStopError extends TroupeError {
  override readonly name = 'UnexpectedStopError'
  readonly code = 'UNEXPECTED_STOP'

  constructor(path: string) {
    super(`${path} stopped by itself though it is permanent; have its parent stop it, or make it transient`)
  }
}

/** The system has stopped, or is stopping, and starts nothing any more. */
export class SystemStoppedError extends TroupeError {
  override readonly name = 'SystemStoppedError'
  readonly code = 'SYSTEM_STOPPED'

  constructor(system: string, action: string) {
    super(`system "${system}" has stopped: cannot ${action}`)
  }
}

/** A transport was to dial before its node listens: it has no runtime yet. */
export class NotListeningError extends TroupeError {
  override readonly name = 'NotListeningError'
  readonly code = 'NOT_LISTENING'

  constructor(transport: string) {
    super(`${transport}: call listen before dial`)
  }
}

/** A continuation of an earlier incarnation used its context after a restart or a stop. */
export class StaleContextError extends TroupeError {
  override readonly name = 'StaleContextError'
  readonly code = 'STALE_CONTEXT'

  constructor(path: string, action: string) {
    super(`${path}: ${action} by a handler of an earlier incarnation; check ctx.signal after each await`)
  }
}

/** No actor was registered under a protocol within the time given. */
export class ServiceNotFoundError extends TroupeError {
  override readonly name = 'ServiceNotFoundError'
  readonly code = 'SERVICE_NOT_FOUND'
  override readonly retryable = true

  constructor(protocol: string, timeoutMs: number) {
    super(
      `no actor registered for protocol "${protocol}" within ${timeoutMs} ms; ` +
        'register one with system.register or ctx.register, and connect to the node that has it',
    )
  }
}

/** A handler threw. This is what its asker sees; no stack leaves the node. */
export class ActorFailedError extends TroupeError {
  override readonly name = 'ActorFailedError'
  readonly code = 'ACTOR_FAILED'
  /** Name and code of the error that the handler threw. */
  readonly causeName: string
  readonly causeCode: string | null

  constructor(path: string, message: string, causeName: string, causeCode: string | null, options?: ErrorOptions) {
    super(`${path} failed: ${message}`, options)
    this.causeName = causeName
    this.causeCode = causeCode
  }
}

/** The error an actor answered with on purpose, by `ctx.replyError` or a deferred reply. It did not fail. */
export class ReplyError extends TroupeError {
  override readonly name = 'ReplyError'
  readonly code = 'REPLY_ERROR'
  /** Name and code of the error that the actor answered with. */
  readonly causeName: string
  readonly causeCode: string | null

  constructor(message: string, causeName: string, causeCode: string | null, options?: ErrorOptions) {
    super(message, options)
    this.causeName = causeName
    this.causeCode = causeCode
  }
}

/** A value holds something CBOR has no form for. `path` leads to it: `payload.items[3].onClick`. */
export class NotSerializableError extends TroupeError {
  override readonly name = 'NotSerializableError'
  readonly code = 'NOT_SERIALIZABLE'
  readonly path: string

  constructor(path: string, what: string, message: string) {
    super(`message "${message}" cannot be encoded: ${path} is ${what}; send plain data and refs only`)
    this.path = path
  }
}

/** A frame is not what the protocol allows: cut off, random, too deep, or of a forbidden kind. */
export class MalformedFrameError extends TroupeError {
  override readonly name = 'MalformedFrameError'
  readonly code = 'MALFORMED_FRAME'

  constructor(why: string) {
    super(`malformed frame: ${why}`)
  }
}

/** One message is larger than a frame may be. */
export class FrameTooLargeError extends TroupeError {
  override readonly name = 'FrameTooLargeError'
  readonly code = 'FRAME_TOO_LARGE'
  readonly sizeBytes: number
  readonly limitBytes: number

  constructor(sizeBytes: number, limitBytes: number) {
    super(`message of ${sizeBytes} bytes exceeds the limit of ${limitBytes}; send it in parts`)
    this.sizeBytes = sizeBytes
    this.limitBytes = limitBytes
  }
}

/** The two sides share no protocol version. */
export class ProtocolMismatchError extends TroupeError {
  override readonly name = 'ProtocolMismatchError'
  readonly code = 'PROTOCOL_MISMATCH'

  constructor(ours: string, theirs: string, peer: string) {
    super(`${peer} speaks protocol ${theirs}, this node speaks ${ours}; upgrade the older side first`)
  }
}

/** The peer answered the hello with a refusal. */
export class RefusedError extends TroupeError {
  override readonly name = 'RefusedError'
  readonly code = 'REFUSED'
  readonly reason: string

  constructor(peer: string, reason: string, message: string) {
    super(`${peer} refused the connection (${reason}): ${message}`)
    this.reason = reason
  }
}

/** An address to listen on is taken by another process. */
export class AddressInUseError extends TroupeError {
  override readonly name = 'AddressInUseError'
  readonly code = 'ADDRESS_IN_USE'

  constructor(address: string, options?: ErrorOptions) {
    super(`${address} is in use by another process; choose another port, or 0 for any free one`, options)
  }
}

/** A node would listen where anybody can dial, and believe whoever does. */
export class OpenListenerError extends TroupeError {
  override readonly name = 'OpenListenerError'
  readonly code = 'OPEN_LISTENER'

  constructor(system: string, transport: string) {
    const ways = 'give createSystem a secret, have the transport ask for client certificates, or listen on loopback'
    super(`${system}: the ${transport} transport would let in whoever can dial it; ${ways} (or say insecure: true)`)
  }
}

/** No link could be made to an address. */
export class DialError extends TroupeError {
  override readonly name = 'DialError'
  readonly code = 'DIAL_FAILED'
  override readonly retryable = true

  constructor(address: string, why: string, options?: ErrorOptions) {
    super(`cannot connect to ${address}: ${why}`, options)
  }
}

/** The disk has no room for what was to be written. The file is as it was before. */
export class DiskFullError extends TroupeError {
  override readonly name = 'DiskFullError'
  readonly code = 'DISK_FULL'
  override readonly retryable = true
  readonly file: string

  constructor(file: string, action: string, options?: ErrorOptions) {
    super(`no room on the disk to ${action} "${file}"; make room, or write elsewhere`, options)
    this.file = file
  }
}

/** The disk failed a call: the hardware, the file system or a right that is missing; `cause` says which. */
export class DiskFailedError extends TroupeError {
  override readonly name = 'DiskFailedError'
  readonly code = 'DISK_FAILED'
  /** Null where it was about the folder. */
  readonly file: string | null

  constructor(file: string | null, action: string, why: string, options?: ErrorOptions) {
    super(`the disk failed to ${action} ${file === null ? 'the folder' : `"${file}"`}: ${why}`, options)
    this.file = file
  }
}

/** There is no file of that name. */
export class FileNotFoundError extends TroupeError {
  override readonly name = 'FileNotFoundError'
  readonly code = 'FILE_NOT_FOUND'
  readonly file: string

  constructor(file: string, action: string, options?: ErrorOptions) {
    super(`cannot ${action} "${file}": there is no such file`, options)
    this.file = file
  }
}

/** The file is open: it can be opened again, removed or replaced once it is closed. */
export class FileInUseError extends TroupeError {
  override readonly name = 'FileInUseError'
  readonly code = 'FILE_IN_USE'
  readonly file: string

  constructor(file: string, action: string) {
    super(`cannot ${action} "${file}": it is open; close it first`)
    this.file = file
  }
}

/** A call of a file that was closed. */
export class FileClosedError extends TroupeError {
  override readonly name = 'FileClosedError'
  readonly code = 'FILE_CLOSED'
  readonly file: string

  constructor(file: string, action: string) {
    super(`cannot ${action} "${file}": it was closed; open it again`)
    this.file = file
  }
}

/** Something was asked of a system that it was made without. */
export class MissingPartError extends TroupeError {
  override readonly name = 'MissingPartError'
  readonly code = 'MISSING_PART'
  /** Name of the part, as `@troupe/core/client` exports it. */
  readonly part: string

  constructor(where: string, part: string) {
    super(`${where} needs the part "${part}"; name it in parts, or take createSystem of @troupe/core, which has all`)
    this.part = part
  }
}

/** `value` in a few words, for messages: never more than 60 characters. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 48 ? `${value.slice(0, 48)}...` : value)
  if (value === null || typeof value !== 'object') return typeof value === 'function' ? 'a function' : String(value)
  return Array.isArray(value) ? 'an array' : `an object (${value.constructor?.name ?? 'no prototype'})`
}

/** What can be said of anything thrown: JavaScript allows more than errors. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`thrown: ${describe(thrown)}`, { cause: thrown })
}
