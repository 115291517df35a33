import type { Random } from '@troupe/core'
import type { HistoryEvent } from '@troupe/testkit'

export interface Workload {
  readonly operations: number
  readonly clients: number
  readonly keys: number
  /** Of a thousand operations, how many end with an outcome that nobody knows. */
  readonly unknownPerMille: number
}

interface Client {
  process: string
  readonly key: string
  readonly f: string
  readonly input: unknown
  /** What it answers; null until it has taken effect. */
  answer: { readonly type: 'ok' | 'fail'; readonly value: unknown } | null
}

/**
 * A history of registers as clients of one honest server would record it: half reads, a third writes, the rest cas.
 * Each step, a client begins, takes effect or ends, so about all of them overlap.
 */
export function recorded({ operations, clients, keys, unknownPerMille }: Workload, random: Random): HistoryEvent[] {
  const values = new Map<string, number | null>()
  const busy: (Client | null)[] = Array.from({ length: clients }, () => null)
  const lives: number[] = busy.map(() => 0)
  const history: HistoryEvent[] = []
  for (let begun = 0; begun < operations || busy.some((client) => client !== null); ) {
    const at = random.below(clients)
    const client = busy[at]!
    if (client === null) {
      if (begun < operations)
        busy[at] = begin(history, `c${at}/${lives[at]}`, `k${random.below(keys)}`, begun++, random)
    } else if (client.answer === null) {
      client.answer = effect(values, client)
    } else {
      const { process, key, f, answer } = client
      const isUnknown = random.below(1_000) < unknownPerMille
      if (isUnknown) lives[at]!++
      history.push(
        isUnknown ? { process, type: 'info', f, key } : { process, type: answer.type, f, key, value: answer.value },
      )
      busy[at] = null
    }
  }
  return history
}

function begin(history: HistoryEvent[], process: string, key: string, unique: number, random: Random): Client {
  const kind = random.below(6)
  const f = kind < 3 ? 'read' : kind < 5 ? 'write' : 'cas'
  const input = f === 'read' ? null : f === 'write' ? unique % 5 : [random.below(5), random.below(5)]
  history.push({ process, type: 'invoke', f, key, value: input })
  return { process, key, f, input, answer: null }
}

function effect(values: Map<string, number | null>, { key, f, input }: Client): NonNullable<Client['answer']> {
  const value = values.get(key) ?? null
  if (f === 'read') return { type: 'ok', value }
  if (f === 'write') values.set(key, input as number)
  else {
    const [from, to] = input as [number, number]
    if (from !== value) return { type: 'fail', value: input }
    values.set(key, to)
  }
  return { type: 'ok', value: input }
}

/** The same with the last read of a value answering another: mostly illegal, by a single key. */
export function withOneWrongRead(history: readonly HistoryEvent[]): HistoryEvent[] {
  const last = history.findLastIndex(({ type, f }) => type === 'ok' && f === 'read')
  return history.map((event, at) => (at === last ? { ...event, value: 'never written' } : event))
}
