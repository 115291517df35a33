import type { Mutant } from './mutant.ts'

const DIR = 'packages/core/src/remoting'

/** Bugs of large messages and of credit. */
export const flow: readonly Mutant[] = [
  {
    name: 'pieces-of-another-message',
    file: `${DIR}/reassembly.ts`,
    find: `known ?? new Partial(totalBytes)`,
    replace: `this.#streams.find((open) => open !== null) ?? new Partial(totalBytes)`,
    form: 'expression',
    scenario: 'large-messages',
    why: 'Pieces of messages under way at once come by turns: the reader has one message open, and takes all for it.',
  },
  {
    name: 'pieces-swapped',
    file: `${DIR}/chunking.ts`,
    find: `{ bytes: payload.bytes, start: at, end: stream.at }`,
    replace: `{
      bytes: payload.bytes,
      start: payload.start + ((at - payload.start) % (2 * PIECE_BYTES)),
      end: payload.start + ((at - payload.start) % (2 * PIECE_BYTES)) + PIECE_BYTES,
    }`,
    form: 'expression',
    scenario: 'large-messages',
    why: 'What is large arrives as it was: each piece has its place and the length it should have, not its bytes.',
  },
  {
    name: 'small-ones-overtake',
    file: `${DIR}/outbox.ts`,
    find: `lane.isBusy = true`,
    replace: ``,
    form: 'statement',
    scenario: 'large-messages',
    why: 'Each pair keeps its order: what is told behind a large message goes between its pieces, as all else does.',
  },
  {
    name: 'straight-past-the-queue',
    file: `${DIR}/outbox.ts`,
    find: `this.#items.size > 0`,
    within: `if (!this.#hasFlow || this.#items.size > 0) return null`,
    replace: `false`,
    form: 'expression',
    scenario: 'pair-order',
    why: 'Each pair keeps its order: what is told is written into the next frame at once, also behind one that waits.',
  },
  {
    name: 'end-before-the-parcel',
    file: `${DIR}/outbox.ts`,
    find: `if (!lane.isHeld) continue`,
    replace: `if (lane.parked === 0) continue`,
    form: 'statement',
    scenario: 'large-messages',
    why: 'A notice comes behind all that was sent before: a message under way in pieces is not among those that wait.',
  },
  {
    name: 'pieces-outlive-their-link',
    file: `${DIR}/open-link.ts`,
    find: `new Reassembly(host.timers, (why) => watcher.dead(why))`,
    replace: `((host as { pieces?: Reassembly }).pieces ??= new Reassembly(host.timers, (why) => watcher.dead(why)))`,
    form: 'expression',
    scenario: 'large-messages',
    why: 'Pieces are kept by the node: those of the next connection are put behind what came over one that is lost.',
  },
  {
    name: 'credit-never-returned',
    file: `${DIR}/credit-ledger.ts`,
    find: `this.#due.add(account)`,
    replace: `if (account.free >= MARK_MESSAGES) this.#due.add(account)`,
    form: 'statement',
    scenario: 'slow-receiver',
    why: 'Credit comes back for messages and for bytes: large ones use up the bytes long before there are as many.',
  },
  {
    name: 'credit-counted-twice',
    file: `${DIR}/credit-ledger.ts`,
    find: `account.owedBytes -= account.freeBytes
    account.free = 0
    account.freeBytes = 0`,
    replace: `account.owedBytes -= account.freeBytes`,
    form: 'statement',
    scenario: 'slow-receiver',
    why: 'Credit is given once: what was given is not taken off what there is to give.',
  },
  {
    name: 'credit-at-arrival',
    file: `${DIR}/credit-ledger.ts`,
    find: `target === null`,
    within: `if (target === null) passed()`,
    replace: `true`,
    form: 'expression',
    scenario: 'slow-receiver',
    why: 'Credit is for what is handled: it is given back when a message is in the mailbox, however full that is.',
  },
  {
    name: 'lost-messages-stay-out',
    file: `${DIR}/lanes.ts`,
    find: `lane.forgetEarlier()`,
    replace: ``,
    form: 'statement',
    scenario: 'slow-receiver',
    why: 'What was lost with a connection needs no credit: it counts as sent and not handled, for good.',
  },
  {
    name: 'new-link-new-credit',
    file: `${DIR}/lane.ts`,
    find: `if (-messages > this.#earlier || -payloadBytes > this.#earlierBytes) return false
      this.#earlier += messages
      this.#earlierBytes += payloadBytes
      return true`,
    replace: `return true`,
    form: 'statement',
    scenario: 'slow-receiver',
    why: 'What is not handled counts on the next connection: the sender begins each one with a clean slate.',
  },
]
