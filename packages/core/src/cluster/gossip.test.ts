import test from 'ava'
import fc from 'fast-check'
import { fastCbor } from '../codec/fast-cbor.ts'
import { fromWire, type Gossip, isGossip, PAGE_RECORDS, toWire } from './gossip.ts'

const record = {
  info: { uid: 'u', name: 'n', address: 'ws://a', roles: ['db'], appVersion: '2' },
  ...{ state: 1, upNumber: 3, incarnation: 4, opinion: 1 },
}
const noRef = (): never => {
  throw new Error('no ref')
}

test('gossip comes through the codec as it was', (t) => {
  const gossip: Gossip = { kind: 'ping', from: 'v', number: 1, about: '', records: [toWire(record)] }
  const cbor = fastCbor()
  const arrived = cbor.decode(cbor.encode(gossip, 'gossip'), noRef)

  t.true(isGossip(arrived))
  t.deepEqual(fromWire((arrived as Gossip).records[0]), record)
})

test('whatever else comes is taken for nothing', (t) => {
  const whole = toWire(record)
  fc.assert(
    fc.property(fc.nat(8), fc.anything(), (at, wrong) => {
      const parsed = fromWire(whole.map((field, i) => (i === at ? wrong : field)))
      return parsed === null || fromWire(toWire(parsed)) !== null
    }),
  )
  fc.assert(fc.property(fc.anything(), (wrong) => fromWire(wrong) === null))
  for (const wrong of [null, 1, {}, { kind: 'ping' }, { kind: 'x', from: 'a', number: 0, about: '', records: [] }]) {
    t.false(isGossip(wrong))
  }
  const many = Array.from({ length: PAGE_RECORDS + 1 }, () => whole)
  t.false(isGossip({ kind: 'page', from: 'a', number: 0, about: '', records: many }))
  t.is(fromWire(whole.with(3, Number.MAX_SAFE_INTEGER)), null)
})
