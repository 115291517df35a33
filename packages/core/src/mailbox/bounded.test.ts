import test from 'ava'
import fc from 'fast-check'
import { mailboxContract } from '../testing/mailbox-contract.ts'
import { bounded, type Overflow } from './bounded.ts'
import type { MessageHead, Pushed } from './mailbox.ts'

const OVERFLOWS: readonly Overflow[] = ['drop-newest', 'drop-oldest', 'reject', 'fail']

for (const overflow of OVERFLOWS) {
  for (const capacity of [1, 50]) {
    mailboxContract(test, `${overflow} at ${capacity}`, () => bounded({ capacity, overflow }))
  }
}

// Law 12: each overflow policy's exact victim

const ANSWERS: Record<Overflow, Pushed> = {
  'drop-newest': 'dropped',
  'drop-oldest': 'queued',
  reject: 'rejected',
  fail: 'failed',
}

interface Entry {
  readonly own: boolean
  readonly number: number
}

for (const overflow of OVERFLOWS) {
  test(`${overflow}: the victim is exactly that of a list that is searched from its front (law 12)`, (t) => {
    const step = fc.constantFrom('tell', 'ask', 'own', 'take')
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.array(step, { maxLength: 200 }), (capacity, steps) => {
        const dropped: unknown[] = []
        const mailbox = bounded({ capacity, overflow }).create((_head, payload) => void dropped.push(payload))
        const list: Entry[] = []
        const droppedOfList: unknown[] = []
        steps.forEach((kind, number) => {
          if (kind === 'take') {
            const taken = mailbox.take() ? mailbox.payload : null
            if (taken !== (list.shift()?.number ?? null)) throw new Error(`took ${taken}`)
            return
          }
          const own = kind === 'own'
          const head: MessageHead = kind === 'tell' ? 'm' : { message: 'm', own }
          const full = list.filter((entry) => !entry.own).length === capacity
          if (mailbox.full !== full) throw new Error(`full is ${mailbox.full}`)
          const answer = mailbox.push(head, number)
          if (answer !== (own || !full ? 'queued' : ANSWERS[overflow])) throw new Error(`answered ${answer}`)
          if (!own && full && overflow === 'drop-oldest') {
            const [victim] = list.splice(
              list.findIndex((entry) => !entry.own),
              1,
            )
            droppedOfList.push(victim?.number)
          }
          if (answer === 'queued') list.push({ own, number })
        })
        t.deepEqual(dropped, droppedOfList)
        return mailbox.size === list.length
      }),
    )
  })
}

test('the options of bounded are checked at the door; without an overflow policy it rejects', (t) => {
  t.is(bounded({ capacity: 3 }).name, 'bounded(3, reject)')
  t.is(bounded({ capacity: 3, overflow: 'fail' }).name, 'bounded(3, fail)')
  for (const options of [undefined, {}, { capacity: undefined }, { capacity: 0 }, { capacity: 1.5 }]) {
    t.throws(() => bounded(options as never), { code: 'INVALID_OPTION', message: /capacity.*integer of at least 1/ })
  }
  t.throws(() => bounded({ capacity: 1, overflow: 'dropOldest' as never }), {
    code: 'INVALID_OPTION',
    message: /drop-newest, drop-oldest, reject, fail/,
  })
  t.throws(() => bounded({ capasity: 1, capacity: 1 } as never), {
    code: 'UNKNOWN_OPTION',
    message: /did you mean "capacity"/,
  })
})
