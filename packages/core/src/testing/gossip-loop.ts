import type { Gossip } from '../cluster/gossip.ts'
import type { MemberEvent } from '../cluster/member-event.ts'
import { Membership } from '../cluster/membership.ts'
import type { MembershipEffect } from '../cluster/membership-effects.ts'
import { checkMembershipOptions, type MembershipOptions } from '../cluster/membership-settings.ts'
import { fastCbor } from '../codec/fast-cbor.ts'
import { SeededRandom } from '../runtime/random.ts'

/** One machine of the loop. */
export interface LoopNode {
  readonly uid: string
  readonly machine: Membership
  /** Crashed: it does nothing any more. */
  crashed: boolean
  /** Until when it has no time. */
  pausedUntilMs: number
  readonly events: { readonly atMs: number; readonly event: MemberEvent }[]
}

export interface LoopOptions {
  readonly seed: number
  /** Delay of a message, in ms: 1 to this. Default 20. */
  readonly delayMs?: number
  readonly membership?: MembershipOptions
}

/** Bare machines over a queue of events with loss and delay: no systems, no connections. */
export class GossipLoop {
  readonly nodes: Map<string, LoopNode> = new Map()
  readonly #options: LoopOptions
  readonly #random: SeededRandom
  /** What is due, by whole ms. */
  readonly #due = new Map<number, (() => void)[]>()
  readonly #ticks = new Map<string, number>()
  nowMs = 0
  /** Of a thousand messages, how many are lost. */
  lossPerMille = 0
  /** Whether to weigh each message, which takes most of the time. */
  weigh = false
  /** Called with each event; while it is there, nodes keep none. */
  onEvent: ((node: LoopNode, event: MemberEvent) => void) | null = null
  messages = 0
  /** Records in all messages. */
  records = 0
  bytes = 0
  readonly #cbor = fastCbor()
  /** Whether a message from one to another gets through. */
  passes: (from: string, to: string) => boolean = () => true

  constructor(options: LoopOptions) {
    this.#options = options
    this.#random = new SeededRandom(options.seed)
  }

  /** @param seed who is told of it; nobody for the first one */
  add(uid: string, seed: string | null): LoopNode {
    const settings = checkMembershipOptions(this.#options.membership ?? true)
    const info = { uid, name: uid, address: `ws://10.0.0.1:7000/${uid}`, roles: [], appVersion: '1' }
    const machine = new Membership(info, settings, this.#random.stream(uid), this.nowMs, seed === null)
    const node: LoopNode = { uid, machine, crashed: false, pausedUntilMs: 0, events: [] }
    this.nodes.set(uid, node)
    if (seed !== null) this.#apply(node, machine.connected(seed, this.nowMs))
    this.#plan(node)
    return node
  }

  node(uid: string): LoopNode {
    return this.nodes.get(uid)!
  }

  /** Lets time pass. */
  run(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs++
      const due = this.#due.get(this.nowMs)
      this.#due.delete(this.nowMs)
      for (const task of due ?? []) task()
    }
  }

  /** Until `isSo`, looked at every 10 ms. @returns how long it took, or null when it did not within `mostMs` */
  until(isSo: () => boolean, mostMs: number): number | null {
    for (const startMs = this.nowMs; this.nowMs - startMs <= mostMs; this.run(10)) {
      if (isSo()) return this.nowMs - startMs
    }
    return null
  }

  /** An input for one of them, as of now. */
  input(node: LoopNode, input: (machine: Membership) => MembershipEffect[]): void {
    this.#apply(node, input(node.machine))
    this.#plan(node)
  }

  /** Those that have not crashed. */
  get living(): LoopNode[] {
    return [...this.nodes.values()].filter(({ crashed }) => !crashed)
  }

  /** Whether that one gets the lease of the cluster. */
  grants: (uid: string) => boolean = () => false

  #at(atMs: number, task: () => void): void {
    const at = Math.max(this.nowMs + 1, Math.ceil(atMs))
    const tasks = this.#due.get(at)
    if (tasks === undefined) this.#due.set(at, [task])
    else tasks.push(task)
  }

  #plan(node: LoopNode): void {
    const { nextMs } = node.machine
    if (nextMs === Number.POSITIVE_INFINITY) return
    const at = Math.max(this.nowMs + 1, Math.ceil(nextMs))
    // One that is due sooner looks again by itself.
    if ((this.#ticks.get(node.uid) ?? Number.POSITIVE_INFINITY) <= at) return
    this.#ticks.set(node.uid, at)
    this.#at(at, () => this.#tick(node, at))
  }

  #tick(node: LoopNode, plannedMs: number): void {
    if (node.crashed || this.#ticks.get(node.uid) !== plannedMs) return
    if (node.pausedUntilMs > this.nowMs) {
      this.#ticks.set(node.uid, node.pausedUntilMs)
      return this.#at(node.pausedUntilMs, () => this.#tick(node, node.pausedUntilMs))
    }
    this.#ticks.delete(node.uid)
    if (node.machine.nextMs <= this.nowMs) this.#apply(node, node.machine.tick(this.nowMs))
    this.#plan(node)
  }

  #apply(node: LoopNode, effects: readonly MembershipEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'event') this.#happened(node, effect.event)
      else if (effect.type === 'send') this.#send(node.uid, effect.to, effect.message)
      else if (effect.type === 'claim') this.#at(this.nowMs + 1, () => this.#claimed(node))
    }
  }

  #claimed(node: LoopNode): void {
    if (!node.crashed) this.input(node, (machine) => machine.claimed(this.grants(node.uid), this.nowMs))
  }

  #happened(node: LoopNode, event: MemberEvent): void {
    if (this.onEvent === null) node.events.push({ atMs: this.nowMs, event })
    else this.onEvent(node, event)
  }

  #send(from: string, to: string, message: Gossip): void {
    const { delayMs = 20 } = this.#options
    this.messages++
    this.records += message.records.length
    if (this.weigh) this.bytes += this.#cbor.encode(message, 'gossip').length
    if (this.#random.below(1000) < this.lossPerMille || !this.passes(from, to)) return
    this.#at(this.nowMs + 1 + this.#random.below(delayMs), () => this.#arrive(to, message))
  }

  #arrive(to: string, message: Gossip): void {
    const node = this.nodes.get(to)
    if (node === undefined || node.crashed) return
    if (node.pausedUntilMs > this.nowMs) return this.#at(node.pausedUntilMs + 1, () => this.#arrive(to, message))
    this.input(node, (machine) => machine.receive(message, this.nowMs))
  }
}

/** A loop of `count` that are all up, in touch, and done with the news of their start. */
export function settled(count: number, options: LoopOptions): GossipLoop {
  const loop = new GossipLoop(options)
  for (let i = 0; i < count; i++) loop.add(`n${i}`, i === 0 ? null : `n${i >> 1}`)
  const all = (): boolean =>
    loop.living.every(
      ({ machine }) => machine.members.length === count && machine.members.every(({ state }) => state === 'up'),
    )
  if (loop.until(all, 300_000) === null) throw new Error(`${count} members have not found each other`)
  return loop
}
