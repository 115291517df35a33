import test from 'ava'
import { Quarantine } from './quarantine.ts'

test('the last 10,000 runs of nodes that are down are remembered, whatever comes after them', (t) => {
  const quarantine = new Quarantine()

  for (let i = 0; i <= 10_000; i++) quarantine.add(`${i}`)

  t.false(quarantine.has('0'))
  t.true(quarantine.has('1') && quarantine.has('10000'))
})
