import type { Actor, FindOptions, SpawnArgs, StopOptions } from '../actor/context.ts'
import type { Logger } from '../actor/logger.ts'
import type { Protocol } from '../actor/protocol.ts'
import type { AnyRef, Ref } from '../actor/ref.ts'
import type { Peer } from '../remoting/peer-event.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Cancellable } from '../runtime/scheduler.ts'
import type { SystemEvents } from './events.ts'

export interface ConnectOptions {
  /** How long to keep trying, in ms. Default: the system's `askTimeoutMs`, 5,000. */
  readonly timeoutMs?: number
}

/** One node: actors, their names, and connections to other nodes. Made by {@link createSystem}. */
export interface ActorSystem {
  readonly name: string
  /** Identity of this run, 21 random characters. */
  readonly uid: string
  /** Where this node listens; an empty string when it does not. */
  readonly address: string
  readonly clock: Clock
  readonly events: SystemEvents
  /** Goes where the actors' words go, under the path `/`. */
  readonly log: Logger
  /** Nodes connected now. */
  readonly peers: readonly Peer[]
  /** Whether {@link stop} has done all it does: the event `system-stopped` says when. */
  readonly stopped: boolean

  /** Starts an actor below `/user`. @throws {NameTakenError | SystemStoppedError} */
  spawn<P, A>(actor: Actor<P, A>, ...options: SpawnArgs<A>): Ref<P>
  /** Lists an actor of this node under a protocol, here and on every connected node, until it stops. */
  register<P>(protocol: Protocol<P>, ref: Ref<P>): void
  /** The first actor registered under a protocol, one of this node if there is one; waits for it. */
  find<P>(protocol: Protocol<P>, options?: FindOptions): Promise<Ref<P>>
  /** All actors known to be registered under a protocol, those of this node first. */
  findAll<P>(protocol: Protocol<P>): readonly Ref<P>[]
  /**
   * Connects to the node at `address`, trying again until it answers or time is up.
   *
   * @throws {DialError} when nobody answered; {@link RefusedError} or {@link ProtocolMismatchError} at once
   */
  connect(address: string, options?: ConnectOptions): Promise<Peer>
  /**
   * Runs `task` once, `delayMs` from now, outside any actor; never if the system has stopped by then. What it
   * throws goes to the log. Inside an actor use `ctx.after`, which ends with the actor.
   *
   * @param delayMs below 0 counts as 0; Infinity is never
   * @throws {RangeError} for NaN
   */
  after(delayMs: number, task: () => void): Cancellable
  /** Stops one actor of this node below `/user`. Resolves when it is gone. */
  stop(ref: AnyRef, options?: StopOptions): Promise<void>
  /** Stops every actor, the last one started first, then leaves the other nodes. Resolves when all is done. */
  stop(): Promise<void>
}
