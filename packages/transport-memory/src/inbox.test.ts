import test from 'ava'
import fc from 'fast-check'
import { Arrival, Inbox } from './inbox.ts'

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ add: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.constant('shift' as const) },
  { weight: 1, arbitrary: fc.record({ postpone: fc.nat(20) }) },
)

test('it is a list that is sorted after each step, and keeps the order of what is due at once', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const inbox = new Inbox()
      let twin: { n: number; dueUs: number }[] = []
      for (const [n, what] of steps.entries()) {
        if (what === 'shift') {
          if (inbox.first() !== undefined) inbox.shift()
          twin.shift()
        } else if ('add' in what) {
          inbox.add(new Arrival(new Uint8Array(), n, what.add))
          twin.push({ n, dueUs: what.add })
        } else {
          inbox.postpone(what.postpone)
          twin = twin.map(({ n, dueUs }) => ({ n, dueUs: Math.max(dueUs, what.postpone) }))
        }
        twin.sort((a, b) => a.dueUs - b.dueUs)
        if (inbox.size !== twin.length || inbox.first()?.n !== twin[0]?.n) return false
      }
      const rest = inbox.takeAll().map(({ n, dueUs }) => ({ n, dueUs }))
      return JSON.stringify(rest) === JSON.stringify(twin) && inbox.size === 0
    }),
    { numRuns: 200, seed: 1 },
  )
  t.pass()
})
