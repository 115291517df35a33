import type { DropReason, MessageFault, NetworkEvent } from './network-event.ts'
import type { Route } from './route.ts'

/** Who sees what happens on a network, and the list of faults of single frames. */
export class NetworkLog {
  readonly #observe: ((event: NetworkEvent) => void) | null
  readonly #faults: ((from: string, to: string, n: number) => MessageFault | null) | null

  constructor(
    observe: ((event: NetworkEvent) => void) | null,
    faults: ((from: string, to: string, n: number) => MessageFault | null) | null,
  ) {
    this.#observe = observe
    this.#faults = faults
  }

  /** Something happened to the n-th frame of a route. */
  frame(
    kind: 'sent' | 'received' | 'dropped' | 'duplicated' | 'corrupted',
    route: Route,
    link: number,
    n: number,
    bytes: Uint8Array,
    reason: DropReason | '' = '',
  ): void {
    if (this.#observe === null) return
    this.#observe({ kind, from: route.from, to: route.to, link, n, sizeBytes: bytes.length, bytes, reason })
  }

  /** Something happened to a link, as `from` sees it. */
  link(kind: 'dialled' | 'linked' | 'unlinked', from: string, to: string, link: number, reason: string): void {
    this.#observe?.({ kind, from, to, link, n: 0, sizeBytes: 0, bytes: null, reason })
  }

  /** The fault that the list has for a frame. */
  faultOf(route: Route, n: number): MessageFault | null {
    return this.#faults === null ? null : this.#faults(route.from, route.to, n)
  }
}
