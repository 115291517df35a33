import test from 'ava'
import fc from 'fast-check'
import { mailboxContract } from '../testing/mailbox-contract.ts'
import { priority } from './priority.ts'
import { UnboundedMailbox } from './unbounded.ts'

mailboxContract(test, 'unbounded', () => ({ name: 'unbounded', create: () => new UnboundedMailbox() }))
mailboxContract(test, 'priority by name', () =>
  priority({ of: (name) => ['notice', 'ask', 'tell', 'tick'].indexOf(name) }),
)
mailboxContract(test, 'priority of one', () => priority({ of: () => 0 }))

test('the lowest number comes first, and equal ones in the order they were sent: as a stable sort has it', (t) => {
  const numbers = fc.oneof(
    fc.integer({ min: -2, max: 2 }),
    fc.double(),
    fc.constantFrom(-Infinity, Infinity, Number.NaN, 0, -0),
  )
  fc.assert(
    fc.property(fc.array(fc.option(numbers), { maxLength: 300 }), (steps) => {
      const mailbox = priority({ of: (_name, payload) => (payload as { urgency: number }).urgency }).create(() => {})
      const list: { urgency: number }[] = []
      for (const urgency of steps) {
        if (urgency !== null) {
          const payload = { urgency }
          mailbox.push('m', payload)
          list.push(payload)
          continue
        }
        const first = list.toSorted((a, b) => compare(rank(a.urgency), rank(b.urgency)))[0]
        if (first !== undefined) list.splice(list.indexOf(first), 1)
        if ((mailbox.take() ? mailbox.payload : undefined) !== first) return false
      }
      return mailbox.size === list.length
    }),
  )
  t.pass()
})

function rank(urgency: number): number {
  return Number.isNaN(urgency) ? Number.POSITIVE_INFINITY : urgency
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b
}

test('what has no number for a priority, or throws when asked for it, comes last and is not lost', (t) => {
  const odd = [Number.NaN, 'high', undefined, null, {}]
  const mailbox = priority({
    of: (name, payload) => {
      if (name === 'bad') throw new Error('no idea')
      return payload as number
    },
  }).create(() => {})

  mailbox.push('bad', 'thrown')
  mailbox.push({ message: 'bad', own: true }, 'own')
  for (const payload of odd) mailbox.push('m', payload)
  mailbox.push('m', 1e300)

  const taken = []
  while (mailbox.take()) taken.push(mailbox.payload)
  t.deepEqual(taken, [1e300, 'thrown', 'own', ...odd])
})

test('priorities that are used once each leave nothing behind, however long one message waits below them', (t) => {
  const mailbox = priority({ of: (_name, payload) => payload as number }).create(() => {})
  mailbox.push('m', 0)
  for (let n = -1; n > -100_000; n--) {
    mailbox.push('m', n)
    mailbox.take()
    if (mailbox.payload !== n) t.fail(`took ${mailbox.payload}`)
  }

  mailbox.take()
  t.is(mailbox.payload, 0)
  t.is(mailbox.take(), false)
})

test('the options of priority are checked at the door', (t) => {
  for (const options of [undefined, {}, { of: 3 }, { of: undefined }]) {
    t.throws(() => priority(options as never), { code: 'INVALID_OPTION', message: /"of" must be a function/ })
  }
  t.throws(() => priority({ off: () => 0, of: () => 0 } as never), { code: 'UNKNOWN_OPTION' })
})
