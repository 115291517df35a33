import test from 'ava'
import type { NemesisOperation } from '../nemesis/nemesis.ts'
import type { Run } from '../simulation/run.ts'
import { troubles } from './story.ts'

function troublesOf(...nemesis: readonly NemesisOperation[]): [fromMs: number, toMs: number, words: string][] {
  const draws = { nodes: 2, clients: 0, durationMs: 50, operations: 0 }
  const run = { nemesis, draws } as Pick<Run, 'nemesis' | 'draws'> as Run
  return troubles(run).map(({ fromMs, toMs, words }) => [fromMs, toMs, words])
}

test('a heal ends what is wrong with the network, as it does there, and no slowness of a node', (t) => {
  t.deepEqual(
    troublesOf(
      { atMs: 1, op: 'clog', from: 'n1', to: 'n2' },
      { atMs: 2, op: 'hold', from: 'n2', to: 'n1' },
      { atMs: 3, op: 'slow', node: 'n1', turnMs: 5 },
      { atMs: 10, op: 'heal' },
      { atMs: 20, op: 'unclog', from: 'n1', to: 'n2' },
    ),
    [
      [1, 10, 'clog n1 n2'],
      [2, 10, 'hold n2 n1'],
      [3, 50, 'slow n1 5 ms a turn'],
    ],
  )
})

test('of two partitions both last until the network is healed', (t) => {
  t.deepEqual(
    troublesOf(
      { atMs: 1, op: 'partition', groups: [['n1'], ['n2', 'n3']] },
      { atMs: 5, op: 'partition', groups: [['n2'], ['n3']] },
      { atMs: 9, op: 'heal' },
    ),
    [
      [1, 9, 'partition n1 | n2 n3'],
      [5, 9, 'partition n2 | n3'],
    ],
  )
})
