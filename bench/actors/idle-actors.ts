/** How a runtime starts actors that do nothing. */
export interface Idle {
  /** What handles the messages of each actor, without the actors. */
  handlers(count: number): unknown[]
  /** As many actors with such handlers, ready for messages. @returns what keeps them alive: an array of refs */
  actors(count: number): Promise<unknown[]>
  /** Starts so many, waits until they are ready, stops them in order. @returns milliseconds of start and stop */
  startAndStop?(count: number): Promise<readonly [startMs: number, stopMs: number]>
}
