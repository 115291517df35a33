import type { Actor, FindOptions, SpawnArgs } from '../actor/context.ts'
import type { Logger } from '../actor/logger.ts'
import type { Protocol } from '../actor/protocol.ts'
import type { AnyRef, Ref } from '../actor/ref.ts'
import type { StopOptions } from '../actor/stop-options.ts'
import type { Member } from '../cluster/member.ts'
import type { Peer } from '../remoting/peer-event.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Cancellable } from '../runtime/scheduler.ts'
import type { SystemStats } from './counters.ts'
import type { SystemEvents } from './events.ts'
import type { ActorSnapshot, Inspection, InspectOptions } from './inspector.ts'
import type { StateLimits } from './state-copy.ts'
import type { StopPhase } from './stop-phases.ts'

/** How long {@link ActorSystem.connect} tries. */
export interface ConnectOptions {
  /** How long to keep trying, in ms. Default: the system's `askTimeoutMs`, 5,000. */
  readonly timeoutMs?: number
}

/** Something that a system has once, made when it is first asked for. Defined by {@link extension}. */
export interface Extension<T> {
  readonly id: string
  create(system: ActorSystem): T
  readonly close: ((instance: T) => void | Promise<void>) | null
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
  /** Members of the cluster as this node sees it, itself among them, the oldest first. None without the option `membership`. */
  readonly members: readonly Member[]
  /** Whether {@link stop} has done all it does: the event `system-stopped` says when. */
  readonly stopped: boolean

  /** Starts an actor below `/user`. @throws {NameTakenError | SystemStoppedError} */
  spawn<P, A>(actor: Actor<P, A>, ...options: SpawnArgs<A>): Ref<P>
  /**
   * Lists an actor of this node under a protocol, here and on every connected node, until it stops.
   *
   * @throws {InvalidOptionError} for a ref to an actor of another node
   */
  register<P>(protocol: Protocol<P>, ref: Ref<P>): void
  /**
   * The first actor registered under a protocol, one of this node if there is one; waits for it.
   *
   * @returns rejects with {@link ServiceNotFoundError} when the time is over, with {@link SystemStoppedError} when the
   *   system has stopped before
   */
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
  /** Stops an actor of this node, anywhere below `/user`. Resolves when it is gone. @throws {InvalidOptionError} for any other */
  stop(ref: AnyRef, options?: StopOptions): Promise<void>
  /**
   * Stops everything, in this order: tasks `before-stop`; every actor below `/user`, the last one started first;
   * tasks `actors-stopped`; the connections; tasks `connections-closed`; the extensions. Resolves when all is done,
   * never rejects: what fails or takes too long is reported and passed over. Again and again it is the same stop.
   */
  stop(): Promise<void>
  /**
   * Does `task` in a phase of the stop, side by side with the others of that phase. What it throws, or what takes
   * longer than `stopPhaseTimeoutMs`, is reported as event `stop-task-failed` and passed over.
   *
   * @param name for the report
   * @returns takes it back
   * @throws {SystemStoppedError} when that phase is over
   */
  onStop(phase: StopPhase, name: string, task: () => void | Promise<void>): () => void

  /** The one instance of an extension, made now if it is the first time. @throws what making it throws */
  extension<T>(extension: Extension<T>): T

  /**
   * The actors of this node, a page at a time: 100 unless told otherwise, 1,000 at most. It asks no actor, so none
   * can hold it up. About 1 us an actor shown, and 10 ns for each sibling before the first one.
   */
  inspect(options?: InspectOptions): Inspection
  /**
   * One actor of this node and its state: what its method `[inspect]` shows, or the public fields of its handlers.
   *
   * @param limits how much of it at most
   * @returns null when it has ended
   * @throws {InvalidOptionError} for a ref to an actor of another node
   */
  snapshot(ref: AnyRef, limits?: StateLimits): ActorSnapshot | null
  /**
   * Keeps an actor of this node from handling any more messages: they wait, beginning with the next one. A handler
   * under way goes on, and so does its life: it can be stopped, and restarts stay suspended.
   *
   * @returns false when it has ended
   * @throws {InvalidOptionError} for a ref to an actor of another node
   */
  suspend(ref: AnyRef): boolean
  /** Ends what {@link suspend} began; does nothing to an actor that was not suspended. @returns false when it has ended */
  resume(ref: AnyRef): boolean
  /** What this node has done so far, in numbers: free until asked for. */
  stats(): SystemStats
}
