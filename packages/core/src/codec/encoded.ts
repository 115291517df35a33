/** One encoded value: a part of bytes that hold others, too. A view of its own would cost more than it does to read it. */
export interface Encoded {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}
