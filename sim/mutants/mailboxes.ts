import type { Mutant } from './mutant.ts'

const BOUNDED = 'packages/core/src/mailbox/bounded.ts'
const PRIORITY = 'packages/core/src/mailbox/priority.ts'
const OFFER = 'packages/core/src/actor/offer.ts'
const QUEUES = 'packages/core/src/actor/queues.ts'

/** Bugs of mailboxes: who is dropped, who hears of it, and in which order the rest is handled. */
export const mailboxes: readonly Mutant[] = [
  {
    name: 'mailbox-drop-oldest-drops-newest',
    file: BOUNDED,
    find: `this.#replaceOldest(head, payload)
        return 'queued'`,
    replace: `return 'dropped'`,
    form: 'statement',
    scenario: 'mailboxes',
    why: 'The two drop policies share a path: the new message goes, and the stale one stays.',
  },
  {
    name: 'mailbox-one-too-many',
    file: BOUNDED,
    find: 'if (this.count >= this.#capacity) return this.#overflowed(head, payload)',
    replace: 'if (this.count > this.#capacity) return this.#overflowed(head, payload)',
    form: 'statement',
    scenario: 'mailboxes',
    why: 'Off by one: a capacity of n holds n + 1.',
  },
  {
    name: 'mailbox-drop-untold',
    file: BOUNDED,
    find: 'this.#onDropped(oldestHead, oldestPayload)',
    replace: '',
    form: 'statement',
    scenario: 'mailboxes',
    why: 'The oldest message makes room without a word: no dead letter, and an ask that waits for its time-out.',
  },
  {
    name: 'mailbox-own-messages-dropped',
    file: BOUNDED,
    find: `typeof head !== 'string' && head.own`,
    replace: `typeof head !== 'string' && head.own && this.count < this.#capacity`,
    form: 'expression',
    scenario: 'mailboxes',
    why: 'Ticks and notices of the actor itself are lost to a flood from outside.',
  },
  {
    name: 'mailbox-own-messages-counted',
    file: BOUNDED,
    find: 'this.count',
    within: 'get full(): boolean {\n    return this.count',
    replace: 'this.size',
    form: 'expression',
    scenario: 'mailboxes',
    why: 'Ticks take room from others: an offer waits although there is some.',
  },
  {
    name: 'offers-last-come-first',
    file: OFFER,
    find: 'for (let offer = this.#first; offer !== null && offer.put!(); offer = this.#first) offer.accept()',
    replace: 'for (let offer = this.#last; offer !== null && offer.put!(); offer = this.#last) offer.accept()',
    form: 'statement',
    scenario: 'mailboxes',
    why: 'The line of those who wait is served from its end.',
  },
  {
    name: 'offers-behind-the-handler',
    file: QUEUES,
    find: `if (waiting.offers !== null) waiting.offers.admit()
      this.take(head as Head, payload)`,
    replace: `this.take(head as Head, payload)
      if (waiting.offers !== null) waiting.offers.admit()`,
    form: 'statement',
    scenario: 'mailboxes',
    why: 'Room is given out behind the handler instead of before it: what the handler tells overtakes who waits.',
  },
  {
    name: 'offers-withdrawn-still-come',
    file: OFFER,
    find: 'this.line?.remove(this)',
    replace: '',
    form: 'statement',
    scenario: 'mailboxes',
    why: 'An offer that was called off keeps its place in the line.',
  },
  {
    name: 'priority-last-first-among-equals',
    file: PRIORITY,
    find: 'queue.push(head, payload)',
    replace: `const later = new Fifo()
    later.push(head, payload)
    while (queue.take()) later.push(queue.head, queue.payload)
    this.#queues.set(priority, later)`,
    form: 'statement',
    scenario: 'mailboxes',
    why: 'A heap without a sequence number: messages of one priority lose their order.',
  },
  {
    name: 'priority-left-child-only',
    file: PRIORITY,
    find: 'below + 1 < heap.length && heap[below + 1]! < heap[below]!',
    replace: 'false',
    form: 'expression',
    scenario: 'mailboxes',
    why: 'The heap sinks along its left side only: a less urgent message comes first.',
  },
  {
    name: 'priority-queue-left-behind',
    file: PRIORITY,
    find: 'this.#queues.delete(first)',
    replace: '',
    form: 'statement',
    scenario: 'mailboxes',
    why: 'An empty queue stays known and is in the heap no more: what is sent with its priority waits for ever.',
  },
]
