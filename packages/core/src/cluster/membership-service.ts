import { actor } from '../actor/actor.ts'
import type { Actor } from '../actor/context.ts'
import type { Logger } from '../actor/logger.ts'
import { type Protocol, protocol } from '../actor/protocol.ts'
import type { Ref } from '../actor/ref.ts'
import { FromPeer } from '../remoting/from-peer.ts'
import type { Peer, PeerEvent } from '../remoting/peer-event.ts'
import { Quarantine } from '../remoting/quarantine.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Deadline, TimerQueue } from '../runtime/timer-queue.ts'
import { type Gossip, isGossip } from './gossip.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import type { Member } from './member.ts'
import type { MemberEvent } from './member-event.ts'
import { Membership } from './membership.ts'
import type { MembershipEffect } from './membership-effects.ts'
import type { MembershipSettings } from './membership-settings.ts'
import type { LeaseTerms } from './split-brain.ts'

/** What the nodes' memberships tell each other. Reached by its path. */
export interface MembershipGossip {
  gossip: (gossip: Gossip) => void
}

export const MembershipGossip: Protocol<MembershipGossip> = protocol<MembershipGossip>('troupe.membership')

export const MEMBERSHIP_NAME = 'membership'
export const MEMBERSHIP_PATH: string = `/system/${MEMBERSHIP_NAME}`

/** What the membership needs of its node. */
export interface MembershipHost {
  readonly uid: string
  readonly name: string
  readonly address: string
  readonly runtime: Runtime
  readonly timers: TimerQueue
  logger(path: string): Logger
  emit(event: MemberEvent): void
  /** Stops the whole node. */
  stop(): void
}

/** What it needs of the connections. */
export interface MembershipLinks {
  /** @returns null when there is no connection to that run */
  connectedPeer(uid: string): Peer | null
  /** Begins to connect. @returns false when that run is down for good */
  wantPeer(uid: string, address: string): boolean
  /** That run is over: its watchers are told, and it is never talked to again. */
  declareDown(uid: string): void
  serviceOf<P>(peer: Peer, path: string): Ref<P>
}

/** The {@link Membership} of one node at work: it has time, chance, and connections to the others. */
export class MembershipService {
  readonly #host: MembershipHost
  readonly #links: MembershipLinks
  readonly #machine: Membership
  readonly #log: Logger
  /** Null where the strategy needs none. */
  readonly #lease: LeaseKeeper | null
  readonly #effects: MembershipEffect[] = []
  /** Since when those who are not known were asked for. */
  readonly #strangers = new Map<string, number>()
  readonly #strangerMs: number
  /** Runs that were given up before anything was known of them: they may be well. */
  readonly #givenUp = new Quarantine()
  #applying = false
  #next: Deadline | null = null
  #nextMs = Number.POSITIVE_INFINITY
  #closed = false

  /** @param alone whether the node has no seeds to wait for */
  constructor(host: MembershipHost, links: MembershipLinks, settings: MembershipSettings, alone: boolean) {
    this.#host = host
    this.#links = links
    this.#log = host.logger(MEMBERSHIP_PATH)
    const { uid, name, address, runtime } = host
    const { roles, appVersion } = settings
    this.#strangerMs = settings.removeAfterMs
    const random = runtime.random.stream('membership')
    const self = { uid, name, address, roles, appVersion }
    this.#machine = new Membership(self, settings, random, this.#nowMs, alone)
    this.#lease = settings.splitBrain.lease === undefined ? null : this.#leaseKeeper(settings.splitBrain.lease)
  }

  /** Takes in what other nodes send. To be spawned as {@link MEMBERSHIP_NAME}, once. */
  get actor(): Actor<MembershipGossip> {
    return actor(MembershipGossip, () => ({
      gossip: (sent: unknown) => {
        // Nobody speaks for another node.
        if (!(sent instanceof FromPeer) || !isGossip(sent.payload) || sent.payload.from !== sent.uid) return
        this.#apply(this.#machine.receive(sent.payload, this.#nowMs))
      },
    }))
  }

  get members(): readonly Member[] {
    return this.#machine.members
  }

  /** Whether it counts in a cluster. */
  get isUp(): boolean {
    return this.#machine.self.state !== 'joining'
  }

  /** Whether anything is known of `uid`. */
  knows(uid: string): boolean {
    return this.#machine.knows(uid)
  }

  /** Whether this node may begin a cluster. To be told before the start, if ever. */
  mayFound(may: boolean): void {
    this.#apply(this.#machine.mayFound(may, this.#nowMs))
  }

  start(): void {
    this.#apply(this.#machine.tick(this.#nowMs))
  }

  /** This node is about to stop. */
  leave(): void {
    this.#apply(this.#machine.leave(this.#nowMs))
  }

  /** The connections are about to be closed: what is to be heard from now on is of no use to anybody. */
  close(): void {
    this.#closed = true
    this.#next?.cancel()
    this.#lease?.close()
  }

  /**
   * Whether the membership decides when that one counts as down: of a node that listens, also before it is known. One
   * that is never known takes no part, and is not dialled for ever.
   */
  judges({ uid, address }: Peer): boolean {
    if (this.#closed) return false
    if (this.#machine.knows(uid) || address === '') {
      this.#strangers.delete(uid)
      return this.#machine.judges(uid)
    }
    const sinceMs = this.#strangers.get(uid) ?? this.#nowMs
    this.#strangers.set(uid, sinceMs)
    if (this.#nowMs - sinceMs < this.#strangerMs) return true
    this.#strangers.delete(uid)
    return false
  }

  refusedBy(uid: string): void {
    this.#apply(this.#machine.refusedBy(uid, this.#nowMs))
  }

  peerChanged(event: PeerEvent): void {
    // A client is no member, and knows of none.
    if ('peer' in event && typeof event.peer === 'object' && event.peer.role === 'client') return
    if (event.type === 'peer-up') this.#apply(this.#machine.connected(event.peer.uid, this.#nowMs))
    else if (event.type === 'peer-down') {
      if (event.reason === 'node-down' && !this.knows(event.peer.uid)) this.#givenUp.add(event.peer.uid)
      this.#apply(this.#machine.ended(event.peer.uid, this.#nowMs, event.reason === 'left'))
    }
  }

  get #nowMs(): number {
    return this.#host.runtime.clock.now()
  }

  #apply(effects: readonly MembershipEffect[]): void {
    this.#effects.push(...effects)
    // What one of them leads to comes after those that are there already.
    if (this.#applying) return
    this.#applying = true
    for (let effect = this.#effects.shift(); effect !== undefined; effect = this.#effects.shift()) {
      if (this.#closed) continue
      this.#do(effect)
    }
    this.#applying = false
    this.#plan()
  }

  #do(effect: MembershipEffect): void {
    switch (effect.type) {
      case 'send':
        return this.#send(effect.to, effect.message)
      case 'event':
        return this.#happened(effect.event)
      case 'claim':
        if (this.#lease === null) this.#apply(this.#machine.claimed(false, this.#nowMs))
        return this.#lease?.claim()
      case 'unclaim':
        return this.#lease?.giveUp()
    }
  }

  #leaseKeeper(terms: LeaseTerms): LeaseKeeper {
    const { uid, timers } = this.#host
    return new LeaseKeeper(terms, {
      ...{ uid, timers, log: this.#log },
      claimed: (isTaken) => this.#apply(this.#machine.claimed(isTaken, this.#nowMs)),
      lost: () => this.#apply(this.#machine.lostLease(this.#nowMs)),
    })
  }

  /** Without a connection it is lost, as on any network: nothing may wait here and arrive when it is true no more. */
  #send(uid: string, message: Gossip): void {
    const peer = this.#links.connectedPeer(uid)
    if (peer !== null) this.#links.serviceOf<MembershipGossip>(peer, MEMBERSHIP_PATH).tell('gossip', message)
  }

  #happened(event: MemberEvent): void {
    const { type, member } = event
    if (member.uid === this.#host.uid) {
      this.#host.emit(event)
      if (type === 'member-down') {
        this.#log.error('this node counts as down in its cluster, and stops: start it anew')
        this.#host.stop()
      }
      return
    }
    if (type === 'member-down') this.#links.declareDown(member.uid)
    this.#host.emit(event)
    if (type !== 'member-joined' || member.state === 'down') return
    // Probes need a connection, and a first one takes its time.
    const { uid, address } = member
    if (this.#links.wantPeer(uid, address)) return
    const isGivenUp = this.#givenUp.has(uid)
    this.#apply(isGivenUp ? this.#machine.givenUp(uid, this.#nowMs) : this.#machine.ended(uid, this.#nowMs))
  }

  #plan(): void {
    const { nextMs } = this.#machine
    // One that is due sooner looks again by itself.
    if (this.#closed || nextMs === Number.POSITIVE_INFINITY || this.#nextMs <= nextMs) return
    this.#next?.cancel()
    this.#nextMs = nextMs
    this.#next = this.#host.timers.after(Math.max(0, nextMs - this.#nowMs), () => {
      this.#nextMs = Number.POSITIVE_INFINITY
      this.#apply(this.#machine.nextMs <= this.#nowMs ? this.#machine.tick(this.#nowMs) : [])
    })
  }
}
