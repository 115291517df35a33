import type { HistoryEvent } from '../checkers/history.ts'
import type { Run } from '../simulation/run.ts'
import { nemesisWords, operationWords } from './wording.ts'

/** A time in which a node was not there. */
export interface Absence {
  readonly node: string
  readonly fromMs: number
  readonly toMs: number
  readonly state: 'down' | 'paused'
}

/** A time in which something was wrong with the network or a node, in words. */
export interface Trouble {
  readonly fromMs: number
  readonly toMs: number
  readonly words: string
}

/** An operation of a client. */
export interface StoryOperation {
  readonly process: string
  readonly words: string
  readonly fromMs: number
  /** The end of the run, for what never ended. */
  readonly toMs: number
  readonly outcome: 'ok' | 'fail' | 'info'
  /** Why it ended as it did; empty where nobody said. */
  readonly reason: string
  /** It belongs to the smallest part of the history that cannot be explained. */
  readonly isConflict: boolean
}

/** The times in which nodes were down or paused. From the recorded events; without, from what the nemesis was to do. */
export function absences(run: Run): Absence[] {
  const found: Absence[] = []
  const open = new Map<string, { state: Absence['state']; fromMs: number }>()
  const end = (node: string, toMs: number): void => {
    const since = open.get(node)
    if (since !== undefined) found.push({ node, toMs, ...since })
    open.delete(node)
  }
  for (const { atMs, node, kind } of changes(run)) {
    if (kind === 'up') end(node, atMs)
    else if (open.get(node)?.state !== kind) {
      // A paused node may crash; a node that is down cannot be paused.
      if (kind === 'paused' && open.has(node)) continue
      end(node, atMs)
      open.set(node, { state: kind, fromMs: atMs })
    }
  }
  for (const node of [...open.keys()]) end(node, run.simulatedMs)
  return found.sort((a, b) => a.fromMs - b.fromMs)
}

interface Change {
  readonly atMs: number
  readonly node: string
  readonly kind: 'up' | 'down' | 'paused'
}

const KINDS: ReadonlyMap<string, Change['kind']> = new Map([
  ...(['started', 'resumed', 'start', 'resume'] as const).map((kind) => [kind, 'up'] as const),
  ...(['crashed', 'wiped', 'crash', 'wipe'] as const).map((kind) => [kind, 'down'] as const),
  ...(['paused', 'pause'] as const).map((kind) => [kind, 'paused'] as const),
])

function changes(run: Run): Change[] {
  const events =
    run.trace.length > 0
      ? run.trace.map(({ atMs, node, kind }) => ({ atMs, node, word: kind as string }))
      : run.nemesis.flatMap((each) => ('node' in each ? [{ atMs: each.atMs, node: each.node, word: each.op }] : []))
  return events.flatMap(({ atMs, node, word }) => {
    const kind = KINDS.get(word)
    return kind === undefined ? [] : [{ atMs, node, kind }]
  })
}

/** Partitions, cuts, clogs, held links and slow nodes, each from its operation to the one that ends it. */
export function troubles(run: Run): Trouble[] {
  const found: Trouble[] = []
  const open = new Map<string, { words: string; fromMs: number }>()
  const end = (key: string, toMs: number): void => {
    const since = open.get(key)
    if (since !== undefined) found.push({ ...since, toMs })
    open.delete(key)
  }
  for (const operation of run.nemesis) {
    const { atMs, op } = operation
    // It opens every way; a slow node is no matter of the network.
    if (op === 'heal') for (const key of [...open.keys()]) if (!key.startsWith('slow ')) end(key, atMs)
    const [key, begins] = troubleOf(operation)
    if (key === null) continue
    end(key, atMs)
    if (begins) open.set(key, { words: nemesisWords(operation), fromMs: atMs })
  }
  // Then everything is healed.
  for (const key of [...open.keys()]) end(key, Math.max(run.draws.durationMs, open.get(key)!.fromMs))
  return found.sort((a, b) => a.fromMs - b.fromMs)
}

const ENDS: ReadonlyMap<string, string> = new Map([
  ['restore', 'cut'],
  ['unclog', 'clog'],
  ['release', 'hold'],
])

function troubleOf(operation: Run['nemesis'][number]): [key: string | null, begins: boolean] {
  if (operation.op === 'partition') return [nemesisWords(operation), true]
  if (operation.op === 'slow') return [`slow ${operation.node}`, operation.turnMs > 0]
  if (!('from' in operation) || operation.op === 'reset') return [null, false]
  const { op, from, to } = operation
  return [`${ENDS.get(op) ?? op} ${from} ${to}`, !ENDS.has(op)]
}

/** What clients did, by the time at which it began. Events without a time stand at the start. */
export function storyOperations(run: Run): StoryOperation[] {
  const conflict = new Set(run.violations.flatMap((violation) => (violation.conflict ?? []).map(identity)))
  const open = new Map<string | number, HistoryEvent>()
  const found: StoryOperation[] = []
  const add = (invoke: HistoryEvent, end: HistoryEvent | undefined): void => {
    found.push({
      process: String(invoke.process),
      words: operationWords(invoke, end),
      fromMs: invoke.at ?? 0,
      toMs: end?.at ?? run.simulatedMs,
      outcome: end === undefined || end.type === 'invoke' ? 'info' : end.type,
      reason: end?.error ?? '',
      isConflict: conflict.has(identity(invoke)) || (end !== undefined && conflict.has(identity(end))),
    })
  }
  for (const event of run.history) {
    const invoke = open.get(event.process)
    if (invoke !== undefined) {
      add(invoke, event.type === 'invoke' ? undefined : event)
      open.delete(event.process)
    }
    if (event.type === 'invoke') open.set(event.process, event)
  }
  for (const invoke of open.values()) add(invoke, undefined)
  return found.sort((a, b) => a.fromMs - b.fromMs)
}

/** A history may have been to a file and back: equal events need not be the same objects. */
function identity({ process, type, f, key, value, at }: HistoryEvent): string {
  return JSON.stringify([process, type, f, key, value, at])
}
