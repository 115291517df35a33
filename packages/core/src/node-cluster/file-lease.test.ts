import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
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

for (const text of ['', '{', 'null', '7', '{"owner":1}', '{"owner":"a","ttlMs":null,"count":1}', '\0\0\0\0']) {
  test(`a file of ${JSON.stringify(text)} is the lease of somebody silent: over after the time of whoever wants it`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'troupe-lease-'))
    t.teardown(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'lease.4'), text)
    let nowMs = 0
    const lease = fileLease({ folder, clock: { now: () => nowMs, wall: () => 0 } })

    t.false(await lease.acquire('b', 1_000))
    t.false(await lease.renew('b', 1_000))
    nowMs = 999
    t.false(await lease.acquire('b', 1_000))
    nowMs = 1_000
    t.true(await lease.acquire('b', 1_000))
    t.deepEqual(readdirSync(folder), ['lease.5'])
  })
}

test('files that are no part of the lease are left alone, whatever their names', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-lease-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const others = ['lease.0', 'lease.007', 'lease.99999999999999999999', 'lease.x', 'lease.-1', 'lease.1e3', 'lease.']
  for (const file of others) writeFileSync(join(folder, file), '')
  const lease = fileLease({ folder })

  t.true(await lease.acquire('../a/b', 1_000))
  t.true(await lease.renew('../a/b', 1_000))
  t.deepEqual(readdirSync(folder).sort(), [...others, 'lease.1'].sort())
})
