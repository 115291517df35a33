import type { Run } from '../simulation/run.ts'
import type { TraceEvent } from '../simulation/trace.ts'
import { absences, storyOperations, troubles } from './story.ts'
import { msWords, nemesisWords } from './wording.ts'

/**
 * A run as what a page draws: rows of numbers and texts, short, as there may be tens of thousands. A lane is the index
 * of a line of `lanes`.
 */
export interface Diagram {
  readonly scenario: string
  readonly seed: string
  readonly hash: string
  readonly events: number
  readonly endMs: number
  /** Nodes, then clients and whoever else took part. */
  readonly lanes: readonly string[]
  readonly nodeCount: number
  readonly messages: readonly DiagramMessage[]
  readonly absences: readonly (readonly [lane: number, fromMs: number, toMs: number, state: 'down' | 'paused'])[]
  readonly troubles: readonly (readonly [fromMs: number, toMs: number, words: string])[]
  readonly operations: readonly DiagramOperation[]
  /** Points on a lane: starts, log lines, dials, what the disk did. */
  readonly marks: readonly (readonly [lane: number, atMs: number, kind: string, words: string])[]
  readonly nemesis: readonly (readonly [atMs: number, words: string])[]
  readonly violations: readonly (readonly [atMs: number, words: string])[]
}

/** `toMs` of what never arrived is where it was lost, or the end of the run. */
export type DiagramMessage = readonly [
  from: number,
  to: number,
  fromMs: number,
  toMs: number,
  fate: 'received' | 'dropped' | 'open',
  /** What is special about it: number of the frame, size, `duplicated`, `corrupted`, why it was dropped. */
  note: string,
  /** Names of what it carries. */
  words: string,
]

export type DiagramOperation = readonly [
  lane: number,
  fromMs: number,
  toMs: number,
  outcome: 'ok' | 'fail' | 'info',
  words: string,
  isConflict: 0 | 1,
  /** Why it failed, or nobody knows. */
  reason: string,
]

/** @param run one with `record: true`; without, there are no messages */
export function diagramOf(run: Run): Diagram {
  const lanes = new Lanes(run)
  const nemesis = run.nemesis.map((each) => [each.atMs, nemesisWords(each)] as const)
  return {
    scenario: run.scenario,
    seed: run.seed,
    hash: run.hash,
    events: run.events,
    endMs: run.simulatedMs,
    lanes: lanes.names,
    nodeCount: run.nodes.length,
    messages: messagesOf(run, lanes),
    absences: absences(run).map(({ node, fromMs, toMs, state }) => [lanes.of(node), fromMs, toMs, state]),
    troubles: troubles(run).map(({ fromMs, toMs, words }) => [fromMs, toMs, words]),
    operations: storyOperations(run).map(({ process, fromMs, toMs, outcome, words, reason, isConflict }) => [
      lanes.ofProcess(process),
      fromMs,
      toMs,
      outcome,
      words,
      isConflict ? 1 : 0,
      reason,
    ]),
    marks: run.trace
      .filter(({ kind }) => MARKS.has(kind))
      .map(({ atMs, node, kind, peer, text }) => [
        lanes.of(node),
        atMs,
        kind,
        [kind, peer, text].filter((part) => part !== undefined && part !== '').join(' '),
      ]),
    nemesis,
    violations: run.violations.map(({ atMs, kind, name, message }) => [atMs, `${kind} ${name}: ${message}`]),
  }
}

const MARKS: ReadonlySet<string> = new Set<TraceEvent['kind']>([
  'dialled',
  'linked',
  'unlinked',
  'crashed',
  'started',
  'paused',
  'resumed',
  'wiped',
  'log',
  'disk',
])

/** Names in the order in which they are drawn. */
class Lanes {
  readonly names: string[]
  readonly #index = new Map<string, number>()
  readonly #homes = new Map<string, string>()

  constructor(run: Run) {
    this.names = []
    for (const name of run.nodes) this.of(name)
    const others = new Set<string>()
    for (const { node, peer, process } of run.trace) {
      if (node !== '') others.add(node)
      if (peer !== undefined && peer !== '') others.add(peer)
      if (process !== undefined && node !== '') this.#homes.set(String(process), node)
    }
    for (const name of [...others].sort(byNumber)) this.of(name)
  }

  of(name: string): number {
    let index = this.#index.get(name)
    if (index === undefined) {
      index = this.names.push(name) - 1
      this.#index.set(name, index)
    }
    return index
  }

  /** A process has the lane of the node it works on. */
  ofProcess(process: string): number {
    return this.of(this.#homes.get(process) ?? process)
  }
}

/** c2 before c10. */
function byNumber(a: string, b: string): number {
  const [x, y] = [a, b].map((name) => Number(/\d+$/.exec(name)?.[0] ?? 0)) as [number, number]
  const [p, q] = [a, b].map((name) => name.replace(/\d+$/, '')) as [string, string]
  return p < q ? -1 : p > q ? 1 : x - y
}

function messagesOf(run: Run, lanes: Lanes): DiagramMessage[] {
  const found: DiagramMessage[] = []
  /** Frames on their way, by direction and number; a duplicated one arrives twice. */
  const onWay = new Map<string, { event: TraceEvent; notes: string[]; copies: number }>()
  const end = (event: TraceEvent, fate: DiagramMessage[4], reason: string): void => {
    const key = frameOf(event)
    const frame = onWay.get(key)
    if (frame === undefined) return
    const { node, peer = '', atMs, n, sizeBytes, text = '' } = frame.event
    const notes = [`frame ${n ?? 0}`, `${sizeBytes ?? 0} bytes`, ...frame.notes, reason].filter((part) => part !== '')
    found.push([lanes.of(node), lanes.of(peer), atMs, event.atMs, fate, notes.join(', '), text])
    if (--frame.copies === 0) onWay.delete(key)
  }
  for (const event of run.trace) {
    switch (event.kind) {
      case 'sent':
        onWay.set(frameOf(event), { event, notes: [], copies: 1 })
        break
      case 'duplicated':
      case 'corrupted': {
        const frame = onWay.get(frameOf(event))
        frame?.notes.push(event.kind)
        if (frame !== undefined && event.kind === 'duplicated') frame.copies++
        break
      }
      case 'received':
        end(event, 'received', '')
        break
      case 'dropped':
        end(event, 'dropped', `dropped ${event.text ?? ''} at ${msWords(event.atMs)} ms`)
        break
    }
  }
  for (const { event, copies } of [...onWay.values()]) {
    for (let i = 0; i < copies; i++) end({ ...event, atMs: run.simulatedMs }, 'open', 'still on its way')
  }
  return found.sort((a, b) => a[2] - b[2])
}

/** Of a frame's events `received` and `dropped` are the receiver's, the others are the sender's. */
function frameOf({ kind, node, peer = '', n = 0 }: TraceEvent): string {
  return kind === 'received' || kind === 'dropped' ? `${peer}>${node} ${n}` : `${node}>${peer} ${n}`
}
