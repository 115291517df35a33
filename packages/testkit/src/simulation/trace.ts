import { FrameWords } from '@troupe/core/testing'
import type { NetworkEvent } from '@troupe/transport-memory/simulated'
import type { HistoryEvent } from '../checkers/history.ts'
import type { DiskEvent } from './disk/disk-event.ts'

/** What can happen in a run. */
export type TraceKind =
  | 'sent'
  | 'received'
  | 'dropped'
  | 'duplicated'
  | 'corrupted'
  | 'dialled'
  | 'linked'
  | 'unlinked'
  | 'crashed'
  | 'started'
  | 'paused'
  | 'resumed'
  | 'wiped'
  | 'nemesis'
  | HistoryEvent['type']
  | 'log'
  | 'disk'

/** One thing that happened, for timelines and space-time diagrams. */
export interface TraceEvent {
  readonly atMs: number
  /** Whose doing it was; an empty string where it was nobody's. */
  readonly node: string
  readonly kind: TraceKind
  /** The other node, of events between two. */
  readonly peer?: string
  readonly link?: number
  /** Number of the frame on its link and direction. */
  readonly n?: number
  readonly sizeBytes?: number
  /** Names of the messages in a frame, the operation of the nemesis, the log line. */
  readonly text?: string
  /** Of events of a history. */
  readonly process?: string | number
}

/** Events between two checkpoints. */
export const CHECKPOINT_EVENTS = 1_024

/**
 * All that happens in a run, as a 64-bit hash: two lanes of 32 bits, integers only, so that it is the same on every
 * engine. About 10 ns per number. Two runs that differ show it from the first checkpoint behind the difference on.
 */
export class Trace {
  /** The events themselves, when they are kept. */
  readonly events: TraceEvent[] = []
  /** The hash after each 1,024 events. */
  readonly checkpoints: string[] = []
  readonly #keeps: boolean
  /** What reads the frames of each side of each link, for the words of the events. */
  readonly #words = new Map<string, FrameWords>()
  #a = 0x243f6a88
  #b = 0x85a308d3 | 0
  #count = 0
  /** Where it stood when the turn under way began. */
  #markedA = 0
  #markedB = 0
  #markedCount = 0
  #markedEvents = 0

  /** @param keeps whether to keep the events: about 100 bytes each */
  constructor(keeps: boolean) {
    this.#keeps = keeps
  }

  /** Whether events are kept: if not, there is no need to make them. */
  get keeps(): boolean {
    return this.#keeps
  }

  /** Events so far, turns of the nodes included. */
  get count(): number {
    return this.#count
  }

  /** The hash so far, 16 hexadecimal digits. */
  get hash(): string {
    return hex(this.#a) + hex(this.#b)
  }

  /** A turn begins. */
  mark(): void {
    this.#markedA = this.#a
    this.#markedB = this.#b
    this.#markedCount = this.#count
    this.#markedEvents = this.events.length
  }

  /** Forgets what has happened since the last {@link mark}. */
  rewind(): void {
    this.#a = this.#markedA
    this.#b = this.#markedB
    this.#count = this.#markedCount
    this.events.length = this.#markedEvents
    this.checkpoints.length = Math.floor(this.#count / CHECKPOINT_EVENTS)
  }

  /** Something has happened that only the hash is to know: a turn of `node`, at `atUs`. */
  turn(atUs: number, node: number): void {
    this.#mix(atUs | 0)
    this.#mix(node ^ ((atUs / 0x1_0000_0000) << 16))
    this.#end()
  }

  /** Something has happened: it goes into the hash, and is kept if events are. */
  add(event: TraceEvent): void {
    this.#mix(Math.round(event.atMs * 1000) | 0)
    this.#text(event.node)
    this.#text(event.kind)
    this.#text(event.peer ?? '')
    this.#mix(event.n ?? -1)
    this.#mix(event.sizeBytes ?? -1)
    this.#text(event.text ?? '')
    this.#end()
    if (this.#keeps) this.events.push(event)
  }

  /** Something has happened on the network, at `atUs`. The bytes of frames cost 1 ns each. */
  network(atUs: number, event: NetworkEvent): void {
    const { kind, from, to, link, n, sizeBytes, bytes, reason } = event
    this.#mix(atUs | 0)
    this.#text(kind)
    this.#text(from)
    this.#text(to)
    this.#mix(link)
    this.#mix(n)
    // A fault that is replayed from a list is the one that chance made.
    this.#text(reason === 'fault' ? 'loss' : reason)
    // Once on its way: what is received is what was sent, or corrupted.
    if (bytes !== null && (kind === 'sent' || kind === 'corrupted')) this.#bytes(bytes)
    this.#end()
    if (!this.#keeps) return
    // Seen from where it happens.
    const [node, peer] = kind === 'received' || kind === 'dropped' ? [to, from] : [from, to]
    const text = kind === 'sent' && bytes !== null ? this.#wordsOf(link, from).next(bytes) : reason
    const frame = n === 0 ? {} : { n, sizeBytes }
    this.events.push({
      atMs: atUs / 1000,
      node,
      kind,
      peer,
      link,
      ...frame,
      ...(text === '' ? {} : { text }),
    })
  }

  /** A client has begun an operation or knows what became of it. */
  operation(atUs: number, client: string, { process, type, f, key, value, error }: HistoryEvent): void {
    this.#mix(atUs | 0)
    this.#text(client)
    this.#text(String(process))
    this.#text(type)
    this.#text(f)
    if (key !== undefined) this.#text(key)
    if (error !== undefined) this.#text(error)
    this.#value(value, MOST_DEPTH)
    this.#end()
    if (!this.#keeps) return
    const text = key === undefined ? f : `${f} ${key}`
    this.events.push({ atMs: atUs / 1000, node: client, kind: type, text, process })
  }

  /** A disk has done something, at `atUs`. */
  disk(atUs: number, node: string, { kind, file, sizeBytes, fault, bytes }: DiskEvent): void {
    if (bytes !== undefined) this.#bytes(bytes)
    const name = file === null ? kind : `${kind} ${file}`
    this.add({ atMs: atUs / 1000, node, kind: 'disk', sizeBytes, text: fault === null ? name : `${name}: ${fault}` })
  }

  #wordsOf(link: number, from: string): FrameWords {
    const side = `${link} ${from}`
    const words = this.#words.get(side) ?? new FrameWords()
    this.#words.set(side, words)
    return words
  }

  #bytes(bytes: Uint8Array): void {
    let hash = 0x811c9dc5
    for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
    this.#mix(hash)
  }

  /** Whatever a client may get or give; of objects that are no data their class alone, as they hold who knows what. */
  #value(value: unknown, depth: number): void {
    this.#text(typeof value)
    if (typeof value === 'string') this.#text(value)
    else if (typeof value !== 'object' || value === null) this.#text(String(value))
    else if (value instanceof Uint8Array) this.#bytes(value)
    else if (depth > 0) this.#members(value, depth - 1)
  }

  #members(value: object, depth: number): void {
    const members = membersOf(value)
    this.#text(value.constructor?.name ?? '')
    if (members === null) return
    this.#mix(members.length)
    for (const member of members) this.#value(member, depth)
  }

  #text(text: string): void {
    let hash = text.length
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
    this.#mix(hash)
  }

  #end(): void {
    if (++this.#count % CHECKPOINT_EVENTS === 0) this.checkpoints.push(this.hash)
  }

  #mix(value: number): void {
    const a = Math.imul(this.#a ^ value, 0x9e3779b1)
    this.#a = a ^ (a >>> 15)
    const b = Math.imul((this.#b + value) | 0, 0x85ebca6b)
    this.#b = (b ^ (b >>> 13)) + this.#a
    this.#b |= 0
  }
}

/** Deeper parts of values do not tell runs apart; and values may hold themselves. */
const MOST_DEPTH = 8

function membersOf(value: object): readonly unknown[] | null {
  if (Array.isArray(value)) return value
  if (value instanceof Map || value instanceof Set) return [...value]
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null ? Object.entries(value).flat() : null
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}
