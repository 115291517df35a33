import type { Random } from '../runtime/random.ts'
import type { MembershipSettings } from './membership-settings.ts'
import { ProbeOrder } from './probe-order.ts'

/** The most unwell a node can seem to itself: it waits nine times as long then. */
const MOST_AILING = 8

interface Probe {
  readonly uid: string
  readonly number: number
  readonly beganMs: number
  readonly indirectMs: number
  readonly endMs: number
  askedOthers: boolean
  /** There was somebody to ask. */
  helped: boolean
  acked: boolean
}

/** A probe on behalf of another node. */
interface Relay {
  readonly to: string
  readonly number: number
  readonly endMs: number
}

/** What the next step of probing is: a message, or that somebody was missed. */
export type ProbeStep =
  | { readonly type: 'ping' | 'probe'; readonly to: string; readonly number: number; readonly about: string }
  | { readonly type: 'missed'; readonly uid: string }

/** One probe at a time: first directly, then by others; and what the answers say of this node's own health. */
export class Probing {
  readonly order: ProbeOrder
  readonly #settings: MembershipSettings
  #probe: Probe | null = null
  #lastNumber = 0
  /** When the next probe begins. */
  #startMs: number
  readonly #relays = new Map<number, Relay>()
  #ailing = 0
  /** When anything came from anybody. */
  #heardMs: number

  constructor(settings: MembershipSettings, random: Random, nowMs: number) {
    this.#settings = settings
    this.order = new ProbeOrder(random)
    this.#heardMs = nowMs
    // Nodes that start together need not probe together.
    this.#startMs = nowMs + random.below(Math.ceil(settings.probePeriodMs))
  }

  /** 0 to 8: probes and suspicions of an ailing node take that many times longer. */
  get ailing(): number {
    return this.#ailing
  }

  /** Number of the probe under way; 0 when there is none. */
  get target(): number {
    return this.#probe?.number ?? 0
  }

  /** Whom it is for; an empty text when there is none. */
  get targetUid(): string {
    return this.#probe?.uid ?? ''
  }

  get periodStartMs(): number {
    return this.#startMs
  }

  get nextMs(): number {
    const probe = this.#probe
    if (probe === null || probe.acked) return this.#startMs
    return probe.askedOthers ? probe.endMs : probe.indirectMs
  }

  /** @param isFit whether to ask that member to probe another one */
  pass(nowMs: number, isFit: (uid: string) => boolean): ProbeStep[] {
    const steps: ProbeStep[] = []
    const probe = this.#probe
    if (probe !== null && !probe.acked) {
      if (!probe.askedOthers && nowMs >= probe.indirectMs) {
        probe.askedOthers = true
        const helpers = this.order.some(this.#settings.indirectProbes, (uid) => uid !== probe.uid && isFit(uid))
        probe.helped = helpers.length > 0
        for (const to of helpers) steps.push({ type: 'probe', to, number: probe.number, about: probe.uid })
      }
      if (nowMs >= probe.endMs) {
        this.#probe = null
        if (this.order.uids.includes(probe.uid)) {
          steps.push({ type: 'missed', uid: probe.uid })
          // Those who were asked to help are silent as well: it may be this node that nothing comes to.
          if (probe.helped && this.#heardMs < probe.beganMs) this.#ail(1)
        }
      }
    }
    if (nowMs >= this.#startMs) steps.push(...this.#begin(nowMs))
    return steps
  }

  #begin(nowMs: number): ProbeStep[] {
    for (const [number, { endMs }] of this.#relays) if (endMs <= nowMs) this.#relays.delete(number)
    const { probePeriodMs, probeTimeoutMs } = this.#settings
    const scale = 1 + this.#ailing
    this.#startMs = nowMs + probePeriodMs * scale
    const uid = this.order.next()
    this.#probe = null
    if (uid === null) return []
    const number = ++this.#lastNumber
    const indirectMs = nowMs + probeTimeoutMs * scale
    const times = { beganMs: nowMs, indirectMs, endMs: this.#startMs }
    this.#probe = { uid, number, ...times, askedOthers: false, helped: false, acked: false }
    return [{ type: 'ping', to: uid, number, about: '' }]
  }

  /** Something has come. */
  heard(nowMs: number): void {
    this.#heardMs = nowMs
  }

  /** An ack has come. @returns to whom to pass it on, if it was for another node */
  acked(number: number, nowMs: number): Relay | null {
    const probe = this.#probe
    if (probe !== null && probe.number === number) {
      if (!probe.acked) this.#ail(-1)
      probe.acked = true
      return null
    }
    const relay = this.#relays.get(number) ?? null
    this.#relays.delete(number)
    return relay !== null && relay.endMs > nowMs ? relay : null
  }

  /** @returns the number of the ping on behalf of `to` */
  relay(to: string, number: number, nowMs: number): number {
    const own = ++this.#lastNumber
    this.#relays.set(own, { to, number, endMs: nowMs + this.#settings.probePeriodMs })
    return own
  }

  /** Somebody missed this node. */
  accused(): void {
    this.#ail(1)
  }

  /** This node has just had no time for a while: whom it was waiting for may have answered long ago. */
  stalled(nowMs: number): void {
    this.#probe = null
    this.#startMs = nowMs + this.#settings.probePeriodMs
    this.#ail(1)
  }

  #ail(by: number): void {
    this.#ailing = Math.min(MOST_AILING, Math.max(0, this.#ailing + by))
  }
}
