import type { Runtime } from '../runtime/runtime.ts'

/**
 * Framed bytes over ordered links. A transport knows nothing of actors: hello, batching, reconnecting and
 * everything else that is the same for all of them is core's. Its promises are a test suite,
 * `transportContract` of `@troupe/core/testing`, which every transport runs.
 */
export interface Transport {
  /** Short name for messages and metrics: `memory`, `ws`. */
  readonly name: string
  /**
   * True when anybody on a network may dial what this transport listens on, and it does not ask them who they are:
   * `createSystem` refuses to start without a `secret` then. Absent: false.
   */
  readonly needsSecret?: boolean
  /**
   * Starts to accept links, if this transport is one that can. Called once, before any `dial`.
   *
   * @param accept gets every link another side has dialled, before any of its frames arrives; it must not throw
   * @param runtime the only source of time for this transport
   * @returns the address others dial, or null when this side only dials
   * @throws {AddressInUseError} when another process has the address
   */
  listen(accept: (link: Link) => void, runtime: Runtime): Promise<string | null>
  /**
   * Makes a link to `address`.
   *
   * @param signal aborting it gives up the attempt; once there is a link, it changes nothing
   * @throws {DialError} when nobody answers there, when the signal is aborted, or when this transport is closed
   */
  dial(address: string, signal: AbortSignal): Promise<Link>
  /** Closes every link with code `normal` and stops accepting: the address is free then. Later calls do nothing. */
  close(): Promise<void>
}

/**
 * One connection, in order and without gaps from its first frame to its end, in both directions.
 * Where it ends, frames sent but not yet received may be lost; the other side never sees part of one.
 */
export interface Link {
  /** Who is on the other side, for messages: an address or host and port. */
  readonly peer: string
  /** Bytes given to `send` that have not left this process. */
  readonly bufferedBytes: number
  /**
   * Whether nobody in this process looks at frames that were sent once `bufferedBytes` is 0: their memory may be written to
   * again then, which spares the sender a new one. Default: false, where bytes of sent frames must never change.
   */
  readonly releasesFrames?: boolean
  /**
   * Says who receives. Frames that arrived before are delivered then, and the end if it has come.
   * Called exactly once. No handler ever runs inside a call of `open`, `send` or `close`.
   */
  open(handlers: LinkHandlers): void
  /**
   * Sends one frame. It is accepted in any case while the link is up; the bytes must not change afterwards,
   * or not until `bufferedBytes` is 0 where it {@link releasesFrames}.
   *
   * @returns false when more is buffered than is good: wait for `drain` before sending more. Each false is
   *   followed by `drain` or `close`. On a closed link the frame is dropped and the answer is false.
   */
  send(frame: Uint8Array): boolean
  /**
   * Bounds what a stranger can have this side hold: once about so many more bytes have come, complete frames or not, the
   * link ends with code `protocol`. Optional, for transports that hold back frames until they are complete.
   *
   * @param bytes null for no bound any more, which is how a link begins
   */
  limit?(bytes: number | null): void
  /**
   * Ends the link in order: frames sent before are still delivered. Both sides see `code` and `reason`; the
   * calling side gets no frame any more. Does nothing on a link that has ended or is ending.
   */
  close(code: CloseCode, reason: string): void
}

/** Who receives. A `frame` or `drain` that throws ends its link with code `lost`; they should not. */
export interface LinkHandlers {
  /** A frame has arrived. The bytes are the receiver's to keep. */
  frame(bytes: Uint8Array): void
  /** `bufferedBytes` has fallen low enough to send again, after a `send` that returned false. */
  drain(): void
  /** The link has ended, for whatever reason. Called once; nothing is called after it. */
  close(code: CloseCode, reason: string): void
}

/** Why a link ended: `normal` by agreement, `protocol` for a peer that broke the rules, `lost` for anything else. */
export type CloseCode = 'normal' | 'protocol' | 'lost'
