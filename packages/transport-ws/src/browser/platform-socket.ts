/** What is needed of the WebSocket that browsers have, and Node since version 22. */
export interface PlatformSocket {
  readonly readyState: number
  readonly bufferedAmount: number
  binaryType: string
  addEventListener(type: 'open' | 'message' | 'error' | 'close', listener: (event: object) => void): void
  send(bytes: Uint8Array): void
  close(code?: number, reason?: string): void
}

/** The event `message`. */
export interface PlatformMessage {
  readonly data: unknown
}

/** The event `close`. */
export interface PlatformClose {
  readonly code: number
  readonly reason: string
}

/** How a socket is made: `WebSocket` itself, or something that stands for it. */
export type PlatformSocketClass = new (address: string) => PlatformSocket

/** `readyState` of one that can send. */
export const OPEN = 1
