import { actor } from '../actor/actor.ts'
import type { Actor, Context } from '../actor/context.ts'
import { type Protocol, protocol } from '../actor/protocol.ts'
import { ActorRef, type AnyRef, type Ref } from '../actor/ref.ts'
import type { Deferred } from '../actor/reply.ts'
import { checkActor } from '../actor/spawn-options.ts'
import type { Terminated } from '../actor/terminated.ts'
import type { Member } from '../cluster/member.ts'
import type { ActorSystem } from '../system/actor-system.ts'
import { isTenure, nextTenure } from './fencing.ts'
import type { SingletonSettings } from './singleton-options.ts'
import type { SingletonProxy, SingletonRoute } from './singleton-proxy.ts'
import {
  type Claim,
  type Held,
  type Hosting,
  type SingletonManager,
  senderOf,
  type Vote,
  type Word,
} from './singleton-talk.ts'
import { Tenure } from './tenure.ts'

/** How often what may have been lost is said again, in ms. */
const RETRY_MS = 250
/** Every so many of those the host says where it is, to whoever has missed it. */
const TELL_EVERY = 4
/** After so many of those without all votes, somebody wants to know why. */
const WARN_AFTER = 40

/**
 * How long after a member is down nobody takes over, in ms. A node that was stalled finds the others replaced by new runs
 * when it wakes: it must have heard from those before it believes that nobody else is left.
 */
const CALM_MS = 1_000

/** What a manager works with. */
export interface SingletonPost {
  readonly system: ActorSystem
  readonly route: SingletonRoute
  readonly proxy: Ref<SingletonProxy>
}

function managerProtocol(name: string): Protocol<SingletonManager> {
  return protocol<SingletonManager>(`troupe.singleton.${name}`)
}

/**
 * Decides on one node whether the singleton runs there: on the oldest member that is up, as soon as every other member
 * of the role agrees that it is, and that none of them hosts it. One that is down is not asked: so when a host is lost,
 * the next one starts when the membership has decided, and not before.
 */
export function singletonManager<P>(settings: SingletonSettings<P>, post: SingletonPost): Actor<SingletonManager> {
  const token = managerProtocol(settings.name)
  return actor(token, (context) => {
    const manager = new Managing(context, settings as SingletonSettings<never>, post)
    const unsubscribe = post.system.events.subscribe((event) => {
      if ('member' in event) context.self.tell('changed', event.type === 'member-down')
      else if (event.type === 'actor-failed' && isRefusal(event.error)) context.self.tell('refused', event.path)
    })
    context.onStop(() => {
      unsubscribe()
      post.route.target = null
    })
    context.register(token)
    context.subscribe(token, 'peers')
    context.every(RETRY_MS, 'tick')
    return manager
  })
}

/** Whether a resource has refused what was done with an older token than it knows: as `Fence` of the strategies does. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, causeCode } = error as { readonly code?: unknown; readonly causeCode?: unknown }
  return code === 'STALE_EPOCH' || causeCode === 'STALE_EPOCH' || isRefusal(error.cause)
}

/** In place of one that could not be made: fails as it starts, so that its supervision decides. */
function failing(error: unknown): Actor<never> {
  return actor(protocol<never>('troupe.singleton-failed'), () => {
    throw error
  })
}

class Managing {
  readonly #context: Context<SingletonManager>
  readonly #settings: SingletonSettings<never>
  readonly #post: SingletonPost
  readonly #uid: string
  /** Managers of other nodes, by uid. */
  readonly #peers = new Map<string, Ref<SingletonManager>>()
  readonly #gaveUp = new Set<string>()
  /** The latest tenure that has begun, as far as this node has heard. */
  #known = 0
  /** One that others have agreed to, and that was above what this node claimed. */
  #floor = 0
  /** The last one that this node has agreed to. */
  #granted = { uid: '', tenure: 0 }
  /** Who agrees to the tenure that this node claims; null when it claims none. */
  #claim: { readonly tenure: number; readonly granted: Set<string>; ticks: number } | null = null
  #tenure: Tenure | null = null
  /** The latest tenure whose host this node sends to, or has sent to. */
  #routed = 0
  /** The manager of the node that hosts it, if that is another one. */
  #host: ActorRef<SingletonManager> | null = null
  /** The one whose host wants nothing more. */
  #holding = 0
  #leaving: { readonly untilMs: number; readonly done: Deferred<void>[] } | null = null
  #ticks = 0
  #calmAtMs = 0

  constructor(context: Context<SingletonManager>, settings: SingletonSettings<never>, post: SingletonPost) {
    this.#context = context
    this.#settings = settings
    this.#post = post
    this.#uid = post.system.uid
  }

  // What others say

  claim(claim: Claim): void {
    const uid = this.#hear(claim)
    if (uid === null || !isTenure(claim.tenure)) return
    const { tenure } = claim
    const { uid: last, tenure: above } = this.#granted
    // The same vote again, if it was lost.
    const isAbove = tenure > this.#known && (tenure > above || (tenure === above && uid === last))
    const granted = isAbove && this.#tenure === null && this.#rightful()?.uid === uid
    if (granted) {
      this.#granted = { uid, tenure }
      this.#claim = null
    }
    claim.from.tell('vote', { ...this.#word(), tenure, granted, above: isAbove ? 0 : Math.max(this.#known, above) })
    // It may know better who the oldest is: then what runs here has to move.
    this.#review()
  }

  vote(vote: Vote): void {
    const uid = this.#hear(vote)
    const claim = this.#claim
    if (uid === null || claim === null || claim.tenure !== vote.tenure) return
    if (vote.granted === true) claim.granted.add(uid)
    else if (isTenure(vote.above) && vote.above >= claim.tenure) {
      // Another one was claimed there, whoever did: this one has to be above it.
      this.#floor = vote.above
      this.#claim = null
    }
    this.#review()
  }

  hosting(word: Hosting): void {
    const uid = this.#hear(word)
    if (uid === null || !isTenure(word.tenure) || !(word.service instanceof ActorRef)) return
    // It has not heard of a later one yet.
    if (word.tenure < this.#known) return void word.from.tell('freed', this.#word())
    if (word.tenure <= this.#holding || !this.#isThere(uid)) return
    this.#known = Math.max(this.#known, word.tenure)
    if (word.tenure > this.#routed && this.#tenure === null) {
      this.#host = word.from as ActorRef<SingletonManager>
      this.#open(word.service, word.tenure)
    }
    this.#review()
  }

  hold(word: Held): void {
    if (this.#hear(word) === null || !isTenure(word.tenure)) return
    this.#holding = Math.max(this.#holding, word.tenure)
    if (this.#routed <= word.tenure && this.#tenure === null) this.#post.route.target = null
    // Over the connection on which all went that was sent to the host: behind it.
    word.from.tell('held', { ...this.#word(), tenure: word.tenure })
  }

  held(word: Held): void {
    const uid = this.#hear(word)
    if (uid === null || this.#tenure?.number !== word.tenure) return
    this.#tenure.held.add(uid)
    this.#move()
  }

  freed(word: Word): void {
    if (this.#hear(word) !== null) this.#review(true)
  }

  flush(word: Word): void {
    // Behind all that its node has sent to what runs here.
    if (this.#hear(word) !== null) word.from.tell('flushed', this.#word())
  }

  flushed(word: Word): void {
    if (this.#hear(word) === this.#host?.nodeUid) this.#left()
  }

  // What this node sees

  peers(refs: readonly Ref<SingletonManager>[]): void {
    this.#peers.clear()
    for (const ref of refs) {
      if (ref instanceof ActorRef && ref.nodeUid !== this.#uid) this.#peers.set(ref.nodeUid, ref)
    }
    this.#tellHosting()
    this.#review(true)
  }

  changed(isDown: boolean): void {
    if (isDown) this.#calmAtMs = this.#nowMs + CALM_MS
    this.#review()
  }

  refused(path: string): void {
    // Somebody had a later token, whom nobody here remembers.
    if (this.#tenure?.ref?.path !== path || this.#tenure.moveUntilMs !== null) return
    this.#beginMove(this.#tenure)
  }

  tick(): void {
    this.#ticks++
    if (this.#ticks % TELL_EVERY === 0) this.#tellAgain()
    if (this.#claim !== null && ++this.#claim.ticks === WARN_AFTER) this.#warn(this.#claim.granted)
    this.#move(true)
    this.#review(true)
    this.#leave()
  }

  ended({ ref }: Terminated): void {
    const { route } = this.#post
    if (route.target?.id === ref.id) route.target = null
    const tenure = this.#tenure
    if (tenure?.ref?.id !== ref.id) return
    const handedOver = tenure.moveUntilMs !== null
    this.#tenure = null
    if (!handedOver) {
      this.#gaveUp.add(this.#uid)
      this.#context.log.error(`singleton "${this.#settings.name}" ended by itself: this node hosts it no more`)
    }
    const [singleton, reason] = [this.#settings.name, handedOver ? 'handed-over' : 'gave-up'] as const
    this.#post.system.events.emit({ type: 'singleton-stopped', singleton, fence: tenure.fence, reason })
    this.#tellFreed()
    this.#review(true)
    this.#leave()
  }

  leave(): Deferred<void> {
    const reply = this.#context.reply<void>()
    this.#leaving ??= { untilMs: this.#nowMs + this.#settings.handOverMs, done: [] }
    this.#leaving.done.push(reply)
    this.#review()
    this.#leave()
    return reply
  }

  // Who is to host it

  /** @returns the uid of whoever says it; null for what is no word */
  #hear(word: Word): string | null {
    const uid = senderOf(word)
    if (uid === null) return null
    this.#known = Math.max(this.#known, word.known)
    for (const other of word.gaveUp) {
      if (other !== this.#uid && this.#isThere(other)) this.#gaveUp.add(other)
    }
    return uid
  }

  #word(): Word {
    const gaveUp = [...this.#gaveUp].filter((uid) => uid === this.#uid || this.#isThere(uid))
    return { from: this.#context.self, known: this.#known, gaveUp }
  }

  /** Members that could host it, the oldest first, whatever has become of them, unless they are down. */
  #candidates(): Member[] {
    const { role } = this.#settings
    const isOne = ({ roles }: Member): boolean => role === null || roles.includes(role)
    return this.#post.system.members.filter((member) => member.state !== 'down' && isOne(member))
  }

  #rightful(): Member | undefined {
    const isWilling = (uid: string): boolean => !this.#gaveUp.has(uid) && (uid !== this.#uid || this.#leaving === null)
    return this.#candidates().find(({ state, uid }) => state === 'up' && isWilling(uid))
  }

  #isThere(uid: string): boolean {
    return this.#post.system.members.some((member) => member.uid === uid && member.state !== 'down')
  }

  /** @param again whether to say again what may not have been heard */
  #review(again = false): void {
    const isHost = this.#rightful()?.uid === this.#uid
    const tenure = this.#tenure
    if (tenure !== null) {
      // A later one somewhere, of a cluster that has joined this one, makes what is done in this one worth nothing: then
      // it begins a new one here.
      const isLatest = this.#known <= tenure.number
      if (!(isHost && isLatest) && tenure.moveUntilMs === null) this.#beginMove(tenure)
      return
    }
    if (!isHost) {
      this.#claim = null
      return
    }
    const isNew = this.#claim === null
    const known = Math.max(this.#known, this.#granted.tenure, this.#floor)
    this.#claim ??= { tenure: nextTenure(known, this.#context.clock), granted: new Set(), ticks: 0 }
    const claim = this.#claim
    const missing = this.#candidates().filter(({ uid }) => uid !== this.#uid && !claim.granted.has(uid))
    if (missing.length === 0) {
      if (this.#nowMs >= this.#calmAtMs) this.#start(claim.tenure)
      return
    }
    if (!isNew && !again) return
    for (const { uid } of missing) this.#peers.get(uid)?.tell('claim', { ...this.#word(), tenure: claim.tenure })
  }

  #warn(granted: ReadonlySet<string>): void {
    const silent = this.#candidates().filter(({ uid }) => uid !== this.#uid && !granted.has(uid))
    const names = silent.map(({ name }) => name).join(', ')
    this.#context.log.warn(
      `singleton "${this.#settings.name}" waits for ${names}: are they well, and do they call singleton() too?`,
    )
  }

  // The service

  #start(number: number): void {
    this.#claim = null
    this.#known = Math.max(this.#known, number)
    const tenure = new Tenure(number)
    const { name, supervise } = this.#settings
    tenure.ref = this.#context.spawn(this.#incarnations(tenure), { name, supervise })
    this.#tenure = tenure
    this.#open(tenure.ref, number)
    this.#tellHosting()
  }

  /** Each start, and each restart, has a token of its own. */
  #incarnations(tenure: Tenure): Actor<never> {
    const { service, name } = this.#settings
    let next: { readonly fence: number; readonly actor: Actor<never> } | null = null
    const make = (): { readonly fence: number; readonly actor: Actor<never> } => {
      const fence = tenure.nextFence()
      try {
        const made: Actor<never> = service(fence)
        checkActor(`the service of singleton "${name}"`, made)
        return { fence, actor: made }
      } catch (error) {
        return { fence, actor: failing(error) }
      }
    }
    next = make()
    const { id, options } = next.actor
    return {
      id,
      setup: (context, args) => {
        const { fence, actor } = next ?? make()
        next = null
        this.#post.system.events.emit({ type: 'singleton-started', singleton: name, fence })
        this.#context.log.info(`singleton "${name}" starts here, with fence ${fence}`)
        return actor.setup(context, args)
      },
      ...(options === undefined ? {} : { options }),
    }
  }

  #open(service: AnyRef, tenure: number): void {
    const { route, proxy } = this.#post
    this.#routed = tenure
    route.target = service
    this.#context.watch(service, 'ended')
    proxy.tell('$routed', route)
    this.#leave()
  }

  /** @param again also those who have been told before */
  #tellHosting(again = false): void {
    const tenure = this.#tenure
    if (tenure?.ref == null || tenure.moveUntilMs !== null) return
    for (const [uid, peer] of this.#peers) {
      if (!again && tenure.told.has(uid)) continue
      tenure.told.add(uid)
      peer.tell('hosting', { ...this.#word(), tenure: tenure.number, service: tenure.ref })
    }
  }

  #tellFreed(): void {
    for (const peer of this.#peers.values()) peer.tell('freed', this.#word())
  }

  #tellAgain(): void {
    if (this.#tenure !== null) this.#tellHosting(true)
    // Who has missed it would wait for this node for ever.
    else if (this.#gaveUp.has(this.#uid)) this.#tellFreed()
  }

  // The move

  /** First nobody sends any more, then what was sent is handled, then it stops: so nothing is lost, and order is kept. */
  #beginMove(tenure: Tenure): void {
    tenure.moveUntilMs = this.#nowMs + this.#settings.handOverMs
    this.#holding = tenure.number
    this.#post.route.target = null
    this.#move(true)
  }

  #move(again = false): void {
    const tenure = this.#tenure
    if (tenure?.ref == null || tenure.moveUntilMs === null) return
    // One that counts as down has been replaced, or is about to be.
    const isLate = tenure.moveUntilMs <= this.#nowMs || !this.#isThere(this.#uid)
    if (tenure.isDraining) {
      if (isLate) this.#context.stop(tenure.ref)
      return
    }
    const missing = [...tenure.told].filter((uid) => !tenure.held.has(uid) && this.#isThere(uid))
    if (missing.length === 0 || isLate) {
      tenure.isDraining = true
      return this.#context.stop(tenure.ref, { drain: !isLate })
    }
    if (!again) return
    for (const uid of missing) this.#peers.get(uid)?.tell('hold', { ...this.#word(), tenure: tenure.number })
  }

  /** The node may stop once another one hosts it, and has all that was told here; or once nobody will. */
  #leave(): void {
    const leaving = this.#leaving
    if (leaving === null || leaving.done.length === 0) return
    if (leaving.untilMs <= this.#nowMs) return this.#left()
    if (this.#tenure !== null) return
    if (this.#post.route.target === null || this.#host === null) {
      if (this.#rightful() === undefined) this.#left()
      return
    }
    // What waits in the proxy goes first, then the question whether it has come. Again and again, as it may be lost.
    const host = this.#host
    const ask = (): void => void host.tell('flush', this.#word())
    void this.#context.ask(this.#post.proxy, '$flushed').then(ask, ask)
  }

  #left(): void {
    for (const reply of this.#leaving?.done.splice(0) ?? []) reply.resolve()
  }

  get #nowMs(): number {
    return this.#context.clock.now()
  }
}
