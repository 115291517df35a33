/** What each column does. */
export const WORKLOADS = ['ask', 'asks', 'tell64', 'tell1k'] as const
export type WorkloadName = (typeof WORKLOADS)[number]

/** Asks that are open at a time in `asks`. */
export const IN_FLIGHT = 128
/** Tells of one turn of the event loop, and most of them that the receiver has not confirmed. */
export const BURST = 256
export const WINDOW = 4_096
/** The receiver confirms each so many. */
export const CONFIRM_EVERY = 512

/** What is told: about 64 bytes as plain CBOR, or about 1 KiB with a longer text. */
export interface Note {
  readonly key: string
  readonly value: number
  readonly tags: readonly string[]
  readonly text: string
}

/** So many different notes, used in turn: making them is no part of what is measured. */
export function notes(textLength: number): readonly Note[] {
  return Array.from({ length: 256 }, (_, i) => ({
    key: `user:${String(i).padStart(4, '0')}`,
    value: i,
    tags: ['red', 'green'],
    text: 'lorem ipsum dolor sit amet '.repeat(40).slice(i % 16, (i % 16) + textLength),
  }))
}

export const TEXT_LENGTH: Readonly<Record<'tell64' | 'tell1k', number>> = { tell64: 16, tell1k: 976 }
