/** What a producer must not forget when it restarts. One belongs to one producer. */
export interface DeliveryLog<T> {
  /** What is there: read when the producer starts. */
  load(): Logged<T>
  /** The producer begins, with a name for the whole life of this log. */
  begin(session: string): void
  /** It has taken in a message. What this throws, the producer fails with: nobody has been told that it was taken in. */
  append(seq: number, value: T): void
  /** All up to and with `seq` is confirmed, and needed no more. */
  confirmed(seq: number): void
}

/** The contents of a log. */
export interface Logged<T> {
  /** Null for a new log. */
  readonly session: string | null
  /** The number of the last message that was ever taken in; 0 before the first. */
  readonly last: number
  /** What is not confirmed, in order; the last one has number `last`. */
  readonly unconfirmed: readonly T[]
}

/** In memory: outlives a restart of the producer by its supervision, and not its node. */
export function memoryDeliveryLog<T>(): DeliveryLog<T> {
  let session: string | null = null
  let last = 0
  const unconfirmed: T[] = []
  return {
    load: () => ({ session, last, unconfirmed: [...unconfirmed] }),
    begin: (name) => {
      session = name
    },
    append: (seq, value) => {
      last = seq
      unconfirmed.push(value)
    },
    confirmed: (seq) => {
      unconfirmed.splice(0, unconfirmed.length - (last - seq))
    },
  }
}
