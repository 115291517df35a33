import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { leaseContract } from '../testing/lease-contract.ts'
import { fileLease } from './file-lease.ts'

leaseContract(test, 'file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-lease-'))
  let nowMs = 0
  // Clocks of different nodes do not agree.
  const clock = (aheadMs: number) => ({ now: () => nowMs + aheadMs, wall: () => 0 })
  return {
    here: fileLease({ folder, clock: clock(0) }),
    there: fileLease({ folder, clock: clock(1_000_000) }),
    pass: (ms) => {
      nowMs += ms
    },
    close: () => rmSync(folder, { recursive: true }),
  }
})

test('two leases of one folder have nothing to do with each other, and no file is left behind', async (t) => {
  const parent = mkdtempSync(join(tmpdir(), 'troupe-lease-'))
  t.teardown(() => rmSync(parent, { recursive: true }))
  const folder = join(parent, 'new')
  const [one, two] = [fileLease({ folder, name: 'one' }), fileLease({ folder, name: 'two' })]

  t.true(await one.acquire('a', 1_000))
  t.true(await two.acquire('b', 1_000))
  for (let i = 0; i < 5; i++) {
    await one.release('a')
    t.true(await one.acquire('a', 1_000))
  }
  t.deepEqual(readdirSync(folder).sort(), ['one.6', 'two.1'])
  t.throws(() => fileLease({ folder, name: '../x' }), { code: 'INVALID_OPTION' })
})
