import type { Random } from '../runtime/random.ts'
import type { ActorTimer } from './actor-timer.ts'
import type { CleanUps } from './clean-ups.ts'
import type { Link } from './link.ts'
import type { Logger } from './logger.ts'
import type { OwedReply } from './owed-reply.ts'
import type { Watch } from './watch.ts'

/** What an incarnation has gathered, and what must not outlive it. */
export class Belongings {
  abort: AbortController | null = null
  random: Random | null = null
  log: Logger | null = null
  readonly timers: Set<ActorTimer> = new Set()
  readonly keyedTimers: Map<string, ActorTimer> = new Map()
  /** By the id of the watched actor. */
  readonly watches: Map<string, Watch> = new Map()
  /** By the id of the linked actor. */
  readonly links: Map<string, Link> = new Map()
  readonly owed: Set<OwedReply> = new Set()
  cleanUps: CleanUps | null = null
  /** How to end each. Not clean-ups, because a kill leaves those out. */
  readonly subscriptions: (() => void)[] = []

  /** Ends all of it. @param actorEnds the incarnation is the actor's last one */
  end(actorEnds: boolean): void {
    this.abort?.abort()
    for (const timer of this.timers) timer.cancel()
    for (const timer of this.keyedTimers.values()) timer.cancel()
    for (const watch of this.watches.values()) watch.end()
    for (const link of this.links.values()) link.end(actorEnds)
    for (const reply of this.owed) reply.abandon()
    for (const unsubscribe of this.subscriptions) unsubscribe()
    // One still under way has been given up.
    this.cleanUps?.giveUp()
  }
}
