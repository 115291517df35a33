import type { HistoryEvent, SimulatedNode } from '@troupe/testkit'
import type { Tap } from './wire-tap.ts'

/** One end of a link, once both sides have introduced themselves; and a frame that passed it. */
export interface WireNote {
  readonly run: string
  readonly peer: string
}

/** The link is open: its number, as both sides know it. */
export interface OpenedNote extends WireNote {
  readonly epoch: number
  readonly dialler: string
}

export interface FrameNote extends WireNote {
  readonly way: 'sent' | 'received'
  readonly acknowledged: number
  /** The system messages in it: number, kind, and id of the watch. */
  readonly system: readonly (readonly [number: number, kind: string, watch: number])[]
}

interface Said {
  readonly troupe?: unknown
  readonly uid?: unknown
  readonly epoch?: unknown
}

/** Notes what passes the ends of links that has to do with system messages: `opened`, `system` and `ended`. */
export function systemTap(node: SimulatedNode): (way: 'dialled' | 'accepted') => Tap {
  return (dialled) => {
    const uids = { sent: '', received: '' }
    let open: WireNote | null = null
    let isOver = false
    return {
      frame(way, content) {
        // What comes after the end of a link is read by nobody.
        if (isOver) return
        if (!Array.isArray(content)) {
          const { troupe, uid, epoch } = content as Said
          if (troupe !== 'hello' && troupe !== 'welcome') return
          uids[way] = String(uid)
          if (troupe !== 'welcome') return
          open = { run: uids.sent, peer: uids.received }
          const dialler = dialled === 'dialled' ? open.run : open.peer
          node.note('opened', { ...open, epoch: Number(epoch), dialler } satisfies OpenedNote)
          return
        }
        if (open === null) return
        const [acknowledged, envelopes] = content as [number, readonly (readonly [number, ...unknown[]])[]]
        const system = envelopes.flatMap((envelope) => systemOf(envelope))
        if (acknowledged === 0 && system.length === 0) return
        node.note('system', { ...open, way, acknowledged, system } satisfies FrameNote)
      },
      closed() {
        isOver = true
      },
    }
  }
}

/** Kinds of system messages, with the places of their watch and their number. */
const PLACES: ReadonlyMap<number, readonly [kind: string, watch: number, number: number]> = new Map([
  [4, ['watch', 2, 4]],
  [5, ['unwatch', 1, 2]],
  [6, ['terminated', 1, 3]],
])

function systemOf(envelope: readonly [number, ...unknown[]]): [number, string, number][] {
  const places = PLACES.get(envelope[0])
  if (places === undefined) return []
  const [kind, watch, number] = places
  return [[Number(envelope[number]), kind, Number(envelope[watch])]]
}

/** System messages from one run to another, as they passed the end of the first. */
class Way {
  /** What each number stands for. */
  readonly numbers = new Map<number, string>()
  /** Each is said once. */
  readonly said = new Set<string>()
  last = 0
  /** The sender has read that all up to here have come. */
  acknowledged = 0
  /** What had come by then over the present link, at the other end. */
  received = 0
}

/** Judges the frames of all ends: numbers without gaps, each for one thing, none again that was acknowledged. */
export class SystemWire {
  readonly #ways = new Map<string, Way>()

  /** @returns what is wrong with that event, as the next of the history */
  add({ f, value }: HistoryEvent): string | null {
    if (f !== 'system') return null
    const { run, peer, way, acknowledged, system } = value as FrameNote
    if (way === 'received') {
      const out = this.#way(run, peer)
      out.acknowledged = Math.max(out.acknowledged, acknowledged)
      const into = this.#way(peer, run)
      for (const [number] of system) into.received = Math.max(into.received, number)
      return null
    }
    if (acknowledged > this.#way(peer, run).received) return `${acknowledged} is acknowledged and has not come`
    for (const [number, kind, watch] of system) {
      const wrong = this.#sent(this.#way(run, peer), number, `${kind} ${watch}`)
      if (wrong !== null) return `${wrong}, from ${run} to ${peer}`
    }
    return null
  }

  /** A message that has arrived and of which the sender does not know it; null when there is none. */
  unacknowledged(isCurrent: (run: string) => boolean): string | null {
    for (const [key, { last, acknowledged }] of this.#ways) {
      const [run, peer] = key.split(' ') as [string, string]
      if (last > acknowledged && isCurrent(run) && isCurrent(peer)) return `${last} of ${key}, after ${acknowledged}`
    }
    return null
  }

  #sent(way: Way, number: number, what: string): string | null {
    const known = way.numbers.get(number)
    if (known !== undefined) {
      if (number <= way.acknowledged) return `${number} is sent again, and was acknowledged`
      return known === what ? null : `${number} was ${known} and is ${what}`
    }
    if (number !== way.last + 1) return `${number} follows ${way.last}`
    if (way.said.has(what)) return `${what} is said a second time, as ${number}`
    way.last = number
    way.numbers.set(number, what)
    way.said.add(what)
    return null
  }

  #way(from: string, to: string): Way {
    const key = `${from} ${to}`
    const way = this.#ways.get(key) ?? new Way()
    this.#ways.set(key, way)
    return way
  }
}
