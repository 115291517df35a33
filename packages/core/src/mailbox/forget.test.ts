import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import test from 'ava'
import { bounded } from './bounded.ts'
import type { Mailbox, MailboxStrategy } from './mailbox.ts'
import { priority } from './priority.ts'
import { UnboundedMailbox } from './unbounded.ts'

const STRATEGIES: readonly MailboxStrategy[] = [
  { name: 'unbounded', create: () => new UnboundedMailbox() },
  bounded({ capacity: 50, overflow: 'drop-oldest' }),
  bounded({ capacity: 50, overflow: 'drop-newest' }),
  priority({ of: (_name, payload) => (payload as { n: number }).n % 5 }),
]

for (const strategy of STRATEGIES) {
  test(`${strategy.name}: an emptied mailbox keeps no message alive once it has forgotten the last one`, async (t) => {
    const mailbox = strategy.create(() => {})
    const payloads = Array.from({ length: 100 }, (_, n) => push(mailbox, n))
    while (mailbox.take());
    mailbox.forget()

    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    for (let i = 0; i < 5 && payloads.some(isAlive); i++) {
      // Whatever was looked at stays alive until the turn is over.
      await new Promise((resolve) => setImmediate(resolve))
      collect()
    }

    t.is(mailbox.size, 0)
    t.deepEqual(payloads.filter(isAlive), [])
  })
}

function isAlive(payload: WeakRef<object>): boolean {
  return payload.deref() !== undefined
}

/** In a function of its own: the frame of the test would keep the last payload. */
function push(mailbox: Mailbox, n: number): WeakRef<object> {
  const payload = { n }
  mailbox.push(n % 3 === 0 ? { message: 'm', own: n % 2 === 0 } : 'm', payload)
  return new WeakRef(payload)
}
