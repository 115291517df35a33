import type { HistoryEvent } from '../checkers/history.ts'
import type { NemesisOperation } from '../nemesis/nemesis.ts'

/** A nemesis operation in words: `crash n1`, `partition n1 n2 | n3`. */
export function nemesisWords(operation: NemesisOperation): string {
  switch (operation.op) {
    case 'upgrade':
      return `upgrade ${operation.node} to ${operation.version}`
    case 'partition':
      return `partition ${operation.groups.map((group) => group.join(' ')).join(operation.oneWay === true ? ' > ' : ' | ')}`
    case 'clock': {
      const { stepMs, driftPpm } = operation
      const step = stepMs === undefined ? '' : ` ${signed(stepMs)} ms`
      return `clock ${operation.node}${step}${driftPpm === undefined ? '' : ` ${signed(driftPpm)} ppm`}`
    }
    default:
      return Object.entries(operation)
        .filter(([key]) => key !== 'atMs')
        .map(([key, value]) => (key === 'turnMs' ? `${String(value)} ms a turn` : words(value)))
        .join(' ')
  }
}

/** An operation of a client in words, with its answer if there is one: `read k -> 3`. */
export function operationWords(invoke: HistoryEvent, end?: HistoryEvent): string {
  const parts = [invoke.f, invoke.key ?? '', invoke.value === undefined ? '' : words(invoke.value)]
  const answer = end?.type === 'ok' && end.value !== undefined ? `-> ${words(end.value)}` : ''
  return [...parts, answer].filter((part) => part !== '').join(' ')
}

/** `1,234.5`: ms with a tenth, the same everywhere. */
export function msWords(ms: number): string {
  const [whole, tenth] = (Math.round(ms * 10) / 10).toFixed(1).split('.')
  return `${whole!.replace(/\B(?=(\d{3})+$)/g, ',')}.${tenth}`
}

function words(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')
  return text.length > MAX_WORDS ? `${text.slice(0, MAX_WORDS - 3)}...` : text
}

/** What of a value is shown: a value may be a document. */
const MAX_WORDS = 200

function signed(value: number): string {
  return value < 0 ? String(value) : `+${value}`
}
