import test from 'ava'
import fc from 'fast-check'
import { times } from '../../../../scripts/slow-suite.ts'
import { type Action, type HistoryEvent, type Operation, operations } from './history.ts'
import { checkLinearizable } from './linearizability.ts'
import type { Model } from './model.ts'
import { counterModel } from './models/counter.ts'
import { keyValueModel } from './models/key-value.ts'
import { lockModel } from './models/lock.ts'
import { queueModel } from './models/queue.ts'
import { registerModel } from './models/register.ts'
import { setModel } from './models/set.ts'

/** What an operation does to a state when it is done alone, and what it answers: models are judged by these. */
interface Twin {
  readonly model: Model<never>
  readonly initial: unknown
  /** Something to ask for; `draw(n)` gives an integer below n. */
  ask(draw: (bound: number) => number): { readonly f: string; readonly value?: unknown }
  /** @returns the next state and the answer; `REFUSED` for an answer that is a `fail` */
  run(state: unknown, asked: { f: string; value: unknown; process: number | string }): readonly [unknown, unknown]
  /** Another answer, that may be wrong. */
  alter(f: string, draw: (bound: number) => number): unknown
}

const REFUSED = Symbol('refused')

const register: Twin = {
  model: registerModel() as Model<never>,
  initial: null,
  ask: (draw) => [{ f: 'read' }, { f: 'write', value: draw(3) }, { f: 'cas', value: [draw(3), draw(3)] }][draw(3)]!,
  run(state, { f, value }) {
    if (f === 'read') return [state, state]
    if (f === 'write') return [value, undefined]
    const [from, to] = value as [number, number]
    return from === state ? [to, undefined] : [state, REFUSED]
  },
  alter: (f, draw) =>
    f === 'read' ? [null, 0, 1, 2][draw(4)] : f === 'cas' ? [REFUSED, undefined][draw(2)] : undefined,
}

const keyValue: Twin = {
  model: keyValueModel() as Model<never>,
  initial: '',
  ask: (draw) => [{ f: 'get' }, { f: 'put', value: 'ab'[draw(2)] }, { f: 'append', value: 'xy'[draw(2)] }][draw(3)]!,
  run(state, { f, value }) {
    if (f === 'get') return [state, state]
    return [f === 'put' ? value : `${state}${value}`, undefined]
  },
  alter: (f, draw) => (f === 'get' ? ['', 'a', 'b', 'x', 'ax', 'by', 'xy'][draw(7)] : undefined),
}

const queue: Twin = {
  model: queueModel() as Model<never>,
  initial: [],
  ask: (draw) => (draw(2) === 0 ? { f: 'enqueue', value: draw(3) } : { f: 'dequeue' }),
  run(state, { f, value }) {
    const items = state as unknown[]
    return f === 'enqueue' ? [[...items, value], undefined] : [items.slice(1), items[0] ?? null]
  },
  alter: (f, draw) => (f === 'dequeue' ? [null, 0, 1, 2][draw(4)] : undefined),
}

const lock: Twin = {
  model: lockModel() as Model<never>,
  initial: null,
  ask: (draw) => ({ f: draw(2) === 0 ? 'acquire' : 'release' }),
  run(state, { f, process }) {
    if (f === 'acquire') return state === null ? [process, undefined] : [state, REFUSED]
    return state === process ? [null, undefined] : [state, REFUSED]
  },
  alter: (_f, draw) => [REFUSED, undefined][draw(2)],
}

const counter: Twin = {
  model: counterModel() as Model<never>,
  initial: 0,
  ask: (draw) => (draw(2) === 0 ? { f: 'read' } : { f: 'add', value: draw(4) - 1 }),
  run: (state, { f, value }) => (f === 'read' ? [state, state] : [Number(state) + Number(value), undefined]),
  alter: (f, draw) => (f === 'read' ? draw(6) - 1 : undefined),
}

const set: Twin = {
  model: setModel() as Model<never>,
  initial: [],
  ask: (draw) => {
    const f = ['read', 'contains', 'add', 'add', 'remove'][draw(5)]!
    return f === 'read' ? { f } : { f, value: draw(3) }
  },
  run(state, { f, value }) {
    const items = state as unknown[]
    if (f === 'read') return [state, items]
    if (f === 'contains') return [state, items.includes(value)]
    const others = items.filter((item) => item !== value)
    return [f === 'add' ? [value, ...others] : others, undefined]
  },
  alter: (f, draw) =>
    f === 'read' ? [0, 1, 2].filter(() => draw(2) === 0) : f === 'contains' ? draw(2) === 0 : undefined,
}

const twins = { register, keyValue, queue, lock, counter, set }

for (const [name, twin] of Object.entries(twins)) {
  test(`agrees with trying every order: ${name}, as recorded and with an answer altered`, (t) => {
    const seen = { ok: 0, illegal: 0 }
    fc.assert(
      fc.property(tape(), (draws) => {
        const history = recorded(twin, draws)
        const all = operations(history)
        const expected = everyOrder(twin, all) ? 'ok' : 'illegal'
        const result = checkLinearizable(history, twin.model)
        seen[expected]++
        const wrong =
          result.verdict !== expected
            ? `${expected} is said to be ${result.verdict}`
            : result.verdict === 'illegal'
              ? untrue(twin, history, result.conflict)
              : null
        if (wrong !== null) throw new Error([wrong, result, ...history].map((line) => JSON.stringify(line)).join('\n'))
      }),
      { numRuns: times(60, 400) },
    )
    t.true(Math.min(seen.ok, seen.illegal) >= times(1, 40), JSON.stringify(seen))
  })
}

// No queue: it remembers in which order things came in, so there is no end of states.
for (const [name, twin] of Object.entries({ register, keyValue, lock, counter, set })) {
  test(`agrees on longer histories with a search that remembers in plain words: ${name}`, (t) => {
    const seen = { ok: 0, illegal: 0 }
    fc.assert(
      fc.property(fc.array(fc.nat(1 << 20), { minLength: 350, maxLength: 400, size: 'max' }), (draws) => {
        const history = recorded(twin, draws, { steps: 330, events: 220, unknown: 3 })
        const expected = someOrder(twin, operations(history)) ? 'ok' : 'illegal'
        seen[expected]++
        return checkLinearizable(history, twin.model, { shrinkSteps: 20_000 }).verdict === expected
      }),
      { numRuns: times(6, 20) },
    )
    t.true(seen.ok >= times(0, 2), JSON.stringify(seen))
  })
}

/**
 * What is wrong with a conflict, or null: its events stand in the history, they allow no order, and neither do they
 * when every other operation that was not refused may have taken effect at any time after its call, or never.
 */
function untrue(twin: Twin, history: readonly HistoryEvent[], conflict: readonly HistoryEvent[]): string | null {
  const places = conflict.map((event) => history.indexOf(event))
  if (places.some((at, i) => at <= (places[i - 1] ?? -1))) return 'the conflict is no part of the history'
  const shown = operations(conflict)
  if (everyOrder(twin, shown)) return 'the conflict allows an order'
  const ended = new Set(shown.filter(({ outcome }) => outcome !== 'unknown').map(({ calledAt }) => places[calledAt]!))
  const all = operations(history).flatMap((operation): Operation[] => {
    if (ended.has(operation.calledAt)) return [operation]
    if (operation.outcome === 'refused') return []
    return [{ ...operation, outcome: 'unknown', output: undefined, returnedAt: Number.POSITIVE_INFINITY }]
  })
  return everyOrder(twin, all) ? 'what was left out explains it' : null
}

function tape(): fc.Arbitrary<number[]> {
  return fc.array(fc.nat(1 << 20), { minLength: 30, maxLength: 60, size: 'max' })
}

/** A history of one object with three clients, recorded as it really happened, then perhaps with one answer altered. */
function recorded(twin: Twin, draws: readonly number[], most = { steps: 24, events: 13, unknown: 13 }): HistoryEvent[] {
  let next = 0
  const draw = (bound: number): number => draws[next++ % draws.length]! % bound
  const history: HistoryEvent[] = []
  const ends: number[] = []
  const clients = [0, 1, 2].map((process) => ({
    process,
    f: '',
    value: undefined as unknown,
    answer: undefined as unknown,
    phase: 0,
  }))
  let state = twin.initial
  let unknown = 0
  const end = (client: (typeof clients)[number], done: boolean): void => {
    const { process, f, answer } = client
    client.phase = 0
    if (!done || (unknown < most.unknown && draw(8) === 0)) {
      unknown++
      history.push({ process, type: 'info', f })
    } else {
      ends.push(history.length)
      history.push(completed(process, f, answer))
    }
  }
  for (let i = 0; i < most.steps; i++) {
    const client = clients[draw(3)]!
    if (client.phase === 0 && history.length < most.events) {
      const { f, value } = twin.ask(draw)
      Object.assign(client, { f, value, phase: 1 })
      history.push({ process: client.process, type: 'invoke', f, value })
    } else if (client.phase === 1) {
      if (unknown < most.unknown && draw(10) === 0) end(client, false)
      else {
        const [after, answer] = twin.run(state, client)
        state = after
        Object.assign(client, { answer, phase: 2 })
      }
    } else if (client.phase === 2) end(client, true)
  }
  if (ends.length > 0 && draw(4) > 0) {
    const at = ends[draw(ends.length)]!
    const { process, f } = history[at]!
    history[at] = completed(process, f, twin.alter(f, draw))
  }
  return history
}

function completed(process: number | string, f: string, answer: unknown): HistoryEvent {
  return answer === REFUSED ? { process, type: 'fail', f } : { process, type: 'ok', f, value: answer }
}

/** The slow, obvious twin of the search: every order of every choice of the operations of unknown outcome. */
function everyOrder(twin: Twin, left: readonly Operation[], state: unknown = twin.initial): boolean {
  if (left.every(({ outcome }) => outcome === 'unknown')) return true
  return left.some((operation) => {
    const others = left.filter((other) => other !== operation)
    if (others.some(({ returnedAt }) => returnedAt < operation.calledAt)) return false
    const { f, input: value, process } = operation
    const [after, answer] = twin.run(state, { f, value, process })
    return fits(operation, answer) && everyOrder(twin, others, after)
  })
}

/** The same for histories of some length: what was tried is remembered by its text, and nothing is left out. */
function someOrder(twin: Twin, all: readonly Operation[]): boolean {
  const tried = new Set<string>()
  const from = (taken: ReadonlySet<number>, first: number, state: unknown): boolean => {
    let next = first
    while (next < all.length && (taken.has(next) || all[next]!.outcome === 'unknown')) next++
    if (next === all.length) return true
    const here = `${[...taken].filter((index) => index >= first || all[index]!.outcome === 'unknown').sort()} ${next} ${JSON.stringify(state)}`
    if (tried.has(here)) return false
    tried.add(here)
    let end = Number.POSITIVE_INFINITY
    for (const [index, { returnedAt }] of all.entries()) if (!taken.has(index)) end = Math.min(end, returnedAt)
    return all.some((operation, index) => {
      if (taken.has(index) || operation.calledAt > end) return false
      const { f, input: value, process } = operation
      const [after, answer] = twin.run(state, { f, value, process })
      return fits(operation, answer) && from(new Set([...taken, index]), next, after)
    })
  }
  return from(new Set(), 0, twin.initial)
}

function fits({ outcome, output }: Action, answer: unknown): boolean {
  if (outcome === 'unknown') return true
  if (outcome === 'refused' || answer === REFUSED) return outcome === 'refused' && answer === REFUSED
  const comparable = (value: unknown): string =>
    JSON.stringify(Array.isArray(value) ? [...value].sort() : value) ?? 'nothing'
  return comparable(output) === comparable(answer)
}
