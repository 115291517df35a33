import { SeededRandom } from '@troupe/core'
import { type CheckResult, checkLinearizable, type HistoryEvent, registerModel } from '@troupe/testkit'
import { type Bench, interleave, type Report, type RunOptions, rowsOf, rowsReport, type Variant } from '../bench.ts'
import { recorded, type Workload, withOneWrongRead } from './recorded.ts'

const BASE: Workload = { operations: 10_000, clients: 20, keys: 100, unknownPerMille: 0 }

/** How long the linearizability checker takes for histories of clients that overlap. */
export const checker: Bench = {
  name: 'checker',
  about: 'linearizability of 10,000 operations: keys, clients, unknown outcomes, a conflict made small',
  rounds: 5,
  async run({ rounds, quick }: RunOptions): Promise<Report> {
    const variants = rows(quick ? 0.02 : 1)
    const times = await interleave(variants, rounds)
    return rowsReport(
      'ms',
      rowsOf(
        variants.map(({ name }) => name),
        times,
      ),
    )
  },
}

function rows(scale: number): Variant[] {
  const of = (changes: Partial<Workload>): HistoryEvent[] => {
    const workload = { ...BASE, ...changes }
    return recorded({ ...workload, operations: Math.round(workload.operations * scale) }, new SeededRandom(1))
  }
  return [
    row('100 keys', of({}), 'ok'),
    row('... 1 key', of({ keys: 1 }), 'ok'),
    row('... 100,000 operations', of({ operations: 100_000 }), 'ok'),
    row('... 5 % of unknown outcome', of({ unknownPerMille: 50 }), 'ok'),
    row('... 1 key, 5 clients, 5 % unknown', of({ keys: 1, clients: 5, unknownPerMille: 50 }), 'ok'),
    row('... one wrong read', withOneWrongRead(of({})), 'illegal'),
    row('... 10 keys, one wrong read', withOneWrongRead(of({ keys: 10 })), 'illegal'),
  ]
}

/** A bench that measured a wrong verdict would measure nothing. */
function row(name: string, history: readonly HistoryEvent[], expected: CheckResult['verdict']): Variant {
  return {
    name,
    count: 1,
    run() {
      const result = checkLinearizable(history, registerModel())
      if (result.verdict !== expected) throw new Error(`${name}: ${JSON.stringify(result)}`)
    },
  }
}
