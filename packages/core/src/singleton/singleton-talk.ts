import { ActorRef, type AnyRef, type Ref } from '../actor/ref.ts'
import type { Deferred } from '../actor/reply.ts'
import type { Terminated } from '../actor/terminated.ts'
import { isTenure } from './fencing.ts'

/** What the managers of one singleton tell each other, one on each node. */
export interface SingletonManager {
  /** I want to host it: is that so for you, too? */
  claim: (claim: Claim) => void
  /** To a claim. */
  vote: (vote: Vote) => void
  /** I host it. */
  hosting: (word: Hosting) => void
  /** Send nothing more to the one I host, and say so: it is about to move. */
  hold: (word: Held) => void
  /** Nothing more comes from here. */
  held: (word: Held) => void
  /** I host it no more. */
  freed: (word: Word) => void
  /** Say when all is there that I have sent so far: this node is about to stop. */
  flush: (word: Word) => void
  flushed: (word: Word) => void

  // Of this node only.
  peers: (refs: readonly Ref<SingletonManager>[]) => void
  /** @param isDown whether a member is down */
  changed: (isDown: boolean) => void
  /** A resource has refused the actor at that path. */
  refused: (path: string) => void
  tick: () => void
  ended: (notice: Terminated) => void
  /** This node is about to stop. @returns answers when what it hosts has moved, and what waits here is on its way */
  leave: () => Deferred<void>
}

/** What each of them says along with everything else. */
export interface Word {
  readonly from: Ref<SingletonManager>
  /** The latest tenure that has begun, as far as it has heard. */
  readonly known: number
  /** Uids of nodes that host it no more, for good. */
  readonly gaveUp: readonly string[]
}

export interface Claim extends Word {
  readonly tenure: number
}

export interface Vote extends Word {
  readonly tenure: number
  readonly granted: boolean
  /** A tenure that was agreed to before, or has begun, and that the claimed one is not above; 0 where it is. */
  readonly above: number
}

export interface Hosting extends Word {
  readonly tenure: number
  readonly service: AnyRef
}

export interface Held extends Word {
  readonly tenure: number
}

/** Most nodes that are believed to have given up: far above what a cluster has. */
const MOST_GAVE_UP = 1024

/** The uid of the node that says it; null for what is no word of a manager. Nothing is taken on trust. */
export function senderOf(word: Word | null | undefined): string | null {
  if (typeof word !== 'object' || word === null) return null
  const { from, known, gaveUp } = word
  if (!(from instanceof ActorRef) || !isTenure(known) || !Array.isArray(gaveUp)) return null
  return gaveUp.length <= MOST_GAVE_UP ? from.nodeUid : null
}
