import test from 'ava'
import { CreditLedger } from './credit-ledger.ts'
import { Lane } from './lane.ts'
import { Outbox } from './outbox.ts'
import { OutgoingMessage } from './outgoing.ts'
import { Traffic } from './traffic.ts'
import { type Envelope, Kind } from './wire.ts'

const MOST = 65_536
const none = { bytes: Uint8Array.of(0xf6), start: 0, end: 1 }

test('messages go to 65,536 actors of a peer that gives no credit; one more is turned down, until it gives some', (t) => {
  const outbox = new Outbox(new Traffic())
  outbox.connected(true)
  const push = (to: number): boolean => {
    const isTaken = outbox.push(new OutgoingMessage([Kind.tell, to, 'm', none], 1, null, {} as never, null))
    const batch: Envelope[] = []
    outbox.takeBatch(batch)
    return isTaken && batch.length === 1
  }
  for (let to = 1; to <= MOST; to++) if (!push(to)) return t.fail(`${to} is turned down`)

  t.false(push(MOST + 1))
  t.false(push(MOST + 2))
  t.true(push(7))
  outbox.lanes.credit(1, 1, 1)
  t.true(push(MOST + 1))
  t.false(push(MOST + 2))
  t.is([...outbox.lanes.all].length, MOST)
})

test('a peer that sends to more than 65,536 actors without credit breaks its link; one that knows of none is not heard', (t) => {
  for (const isGiving of [true, false]) {
    const ledger = new CreditLedger(
      { dispatcher: {}, timers: { after: () => ({ cancel: () => {} }) } } as never,
      () => {},
    )
    ledger.connected(isGiving)
    for (let to = 1; to <= MOST; to++) ledger.received(to, 1)

    const oneMore = () => ledger.received(MOST + 1, 1)
    if (isGiving) t.throws(oneMore, { code: 'MALFORMED_FRAME', message: /65,536 actors/ })
    else t.is(oneMore(), null)
  }
})

test('credit comes back before a second is over where thousands of actors got something', (t) => {
  let isDue = false
  const timers = { after: () => ({ cancel: () => {} }) }
  const ledger = new CreditLedger({ dispatcher: {}, timers } as never, () => void (isDue = true))
  ledger.connected(true)
  const send = (to: number): void => ledger.queued(ledger.received(to, 1)!, 1, 0, null)
  for (let to = 1; to < MOST / 8; to++) send(to)
  t.false(isDue)
  send(MOST / 8)

  t.true(isDue)
  t.is(ledger.take().length, MOST / 8 + 1)
})

test('credit that gives messages and takes bytes, or the other way, is none', (t) => {
  const lane = new Lane(1)
  lane.countSent(10)
  lane.countSent(10)
  lane.disconnected()

  t.false(lane.credit(-1, 5))
  t.false(lane.credit(1, -5))
  t.true(lane.credit(-1, -5))
  lane.forgetEarlier()
  t.deepEqual([lane.sent, lane.sentBytes], [1, 5])
})
