import test from 'ava'
import { leaseContract } from '../testing/lease-contract.ts'
import { keepLeaseHolder } from './keep-lease-holder.ts'
import { memoryLease } from './memory-lease.ts'

leaseContract(test, 'memory', () => {
  let nowMs = 0
  const lease = memoryLease({ now: () => nowMs, wall: () => nowMs })
  return {
    here: lease,
    there: lease,
    pass: (ms) => {
      nowMs += ms
    },
  }
})

test('a lease must be given, and must be one', (t) => {
  t.throws(() => keepLeaseHolder({} as never), { code: 'INVALID_OPTION', message: /lease/ })
  t.throws(() => keepLeaseHolder({ lease: {} } as never), { code: 'INVALID_OPTION', message: /lease/ })
  const lease = memoryLease({ now: () => 0, wall: () => 0 })
  t.throws(() => keepLeaseHolder({ lease, ttl: 5 } as never), { message: /ttlMs/ })
  t.is(keepLeaseHolder({ lease }).lease?.ttlMs, 15_000)
})
