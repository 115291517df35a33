import type { Mailbox, MailboxStrategy, MessageHead } from '../mailbox/mailbox.ts'
import { SeededRandom } from '../runtime/random.ts'
import type { Assertions, TestFunction } from './assertions.ts'

/** What the suite has to know of a mailbox. */
export interface MailboxContractOptions {
  /** Messages that surely find it full, if it ever is. Default 1,000. */
  readonly enough?: number
}

/**
 * What every mailbox promises its actor, as tests: for those that come with Troupe and those you write.
 *
 * ```ts
 * mailboxContract(test, 'bounded', () => bounded({ capacity: 10, overflow: 'drop-oldest' }))
 * ```
 * @param name put before each title
 * @param makeStrategy called once per test
 */
export function mailboxContract(
  test: TestFunction,
  name: string,
  makeStrategy: () => MailboxStrategy,
  options: MailboxContractOptions = {},
): void {
  for (const [title, keep] of Object.entries(promises)) {
    test(`${name}: ${title}`, async (t) => keep(t, new MailboxStage(makeStrategy(), options.enough ?? 1_000)))
  }
}

const promises: Record<string, (t: Assertions, stage: MailboxStage) => void> = {
  'messages of one name come out in the order they went in, whatever is taken in between': (t, stage) => {
    for (let seed = 1; seed <= 20; seed++) {
      const user = stage.user()
      user.play(seed, 500)
      user.takeAll()
      for (const name of NAMES) {
        const numbers = user.taken.filter((message) => message.name === name).map(({ number }) => number)
        t.true(
          numbers.every((number, i) => i === 0 || numbers[i - 1]! < number),
          `seed ${seed}, ${name}`,
        )
      }
    }
  },

  'each message has one end: taken once, dropped once, or turned down by push': (t, stage) => {
    for (let seed = 1; seed <= 20; seed++) {
      const user = stage.user()
      user.play(seed, 500)
      user.takeAll()
      const ends = [...user.taken, ...user.dropped, ...user.turnedDown].map(({ number }) => number)
      const inOrder = ends.sort((a, b) => a - b)
      t.deepEqual(
        inOrder,
        Array.from({ length: user.pushed }, (_, i) => i),
        `seed ${seed}`,
      )
    }
  },

  'size counts all that is queued, the own messages too': (t, stage) => {
    for (let seed = 1; seed <= 20; seed++) {
      const user = stage.user()
      user.play(seed, 300, () => {
        const gone = user.taken.length + user.dropped.length + user.turnedDown.length
        t.is(user.mailbox.size, user.pushed - gone, `seed ${seed}`)
      })
      user.takeAll()
      t.is(user.mailbox.size, 0)
      t.is(user.mailbox.take(), false)
    }
  },

  'while it is not full, a message is queued and costs no other one its place': (t, stage) => {
    for (let seed = 1; seed <= 20; seed++) {
      const user = stage.user()
      user.play(seed, 300)
      for (let left = stage.enough; left > 0 && !user.mailbox.full; left--) {
        const lost = user.dropped.length + user.turnedDown.length
        user.push('tell')
        t.is(user.dropped.length + user.turnedDown.length, lost, `seed ${seed}`)
      }
    }
  },

  'an empty mailbox is not full: whoever waits for room has it in the end': (t, stage) => {
    const user = stage.user()
    t.is(user.mailbox.full, false)
    for (let i = 0; i < stage.enough; i++) user.push('tell')
    user.takeAll()
    t.is(user.mailbox.full, false)
  },

  'messages of the actor itself are always queued, never dropped, and take no room from others': (t, stage) => {
    const user = stage.user()
    for (let i = 0; i < stage.enough; i++) user.push('tick')
    t.is(user.mailbox.full, false)
    for (let i = 0; i < stage.enough; i++) user.push('tell')
    for (let i = 0; i < stage.enough; i++) user.push('tick')
    for (let i = 0; i < stage.enough; i++) user.push('ask')
    user.takeAll()

    t.is(user.taken.filter(({ name }) => name === 'tick').length, 2 * stage.enough)
    t.true([...user.dropped, ...user.turnedDown].every(({ name }) => name !== 'tick'))
  },

  'a notice comes after all that was queued before it': (t, stage) => {
    for (let seed = 1; seed <= 20; seed++) {
      const user = stage.user()
      user.play(seed, 100)
      const before = new Set(user.waiting())
      user.push('notice')
      const notice = user.pushed - 1
      user.play(seed, 100)
      user.takeAll()
      const after = user.taken.slice(user.taken.findIndex(({ number }) => number === notice))
      t.true(
        after.every(({ number }) => !before.has(number)),
        `seed ${seed}`,
      )
    }
  },

  'a push leaves the message taken last where it is, and forget lets go of it': (t, stage) => {
    const user = stage.user()
    for (let i = 0; i < stage.enough; i++) user.push('tell')
    user.mailbox.take()
    const { head, payload } = user.mailbox
    for (let i = 0; i < stage.enough; i++) user.push(NAMES[i % NAMES.length]!)
    t.true(user.mailbox.head === head && user.mailbox.payload === payload)

    while (user.mailbox.take());
    user.mailbox.forget()
    t.deepEqual([user.mailbox.head, user.mailbox.payload], [undefined, undefined])
  },

  'whoever hears of a dropped message may send at once': (t, stage) => {
    const user = stage.user()
    user.echoDropped = 100
    for (let i = 0; i < stage.enough + 200; i++) user.push('tell')
    user.takeAll()
    t.is(user.taken.length + user.dropped.length + user.turnedDown.length, user.pushed)
    t.is(user.mailbox.size, 0)
  },

  'two mailboxes of one strategy share nothing': (t, stage) => {
    const one = stage.user()
    const other = stage.user()
    for (let i = 0; i < stage.enough; i++) one.push('tell')
    t.deepEqual([other.mailbox.size, other.mailbox.full, other.mailbox.take()], [0, false, false])
    other.push('tell')
    one.takeAll()
    t.is(other.mailbox.size, 1)
  },
}

const NAMES = ['tell', 'ask', 'tick', 'notice'] as const
type Name = (typeof NAMES)[number]

interface Message {
  readonly name: Name
  readonly number: number
}

/** Makes mailboxes of the strategy, and whoever pushes into them and takes from them. */
class MailboxStage {
  readonly #strategy: MailboxStrategy
  readonly enough: number

  constructor(strategy: MailboxStrategy, enough: number) {
    this.#strategy = strategy
    this.enough = enough
  }

  user(): MailboxUser {
    return new MailboxUser(this.#strategy)
  }
}

/** Numbers what it pushes, and keeps account of where it went. */
class MailboxUser {
  readonly mailbox: Mailbox
  readonly taken: Message[] = []
  readonly dropped: Message[] = []
  readonly turnedDown: Message[] = []
  pushed = 0
  /** Dropped messages that are answered by another one. */
  echoDropped = 0

  constructor(strategy: MailboxStrategy) {
    this.mailbox = strategy.create((head, payload) => {
      this.dropped.push(messageOf(head, payload))
      if (this.echoDropped-- > 0) this.push('tell')
    })
  }

  push(name: Name): void {
    const number = this.pushed++
    const head = name === 'tell' ? name : { message: name, own: name !== 'ask', last: name === 'notice' }
    if (this.mailbox.push(head, number) !== 'queued') this.turnedDown.push({ name, number })
  }

  take(): boolean {
    if (!this.mailbox.take()) return false
    this.taken.push(messageOf(this.mailbox.head as MessageHead, this.mailbox.payload))
    return true
  }

  takeAll(): void {
    while (this.take());
  }

  /** Numbers of what is queued. */
  waiting(): number[] {
    const gone = new Set([...this.taken, ...this.dropped, ...this.turnedDown].map(({ number }) => number))
    return Array.from({ length: this.pushed }, (_, i) => i).filter((number) => !gone.has(number))
  }

  /** Pushes and takes at random, in bursts of either. */
  play(seed: number, steps: number, afterEach: () => void = () => {}): void {
    const random = new SeededRandom(seed)
    for (let step = 0; step < steps; ) {
      const pushes = random.below(2) === 0
      for (let left = random.below(20); left >= 0; left--, step++) {
        if (pushes) this.push(NAMES[random.below(NAMES.length)]!)
        else this.take()
        afterEach()
      }
    }
  }
}

function messageOf(head: MessageHead, payload: unknown): Message {
  return { name: (typeof head === 'string' ? head : head.message) as Name, number: payload as number }
}
