export { actor } from './actor/actor.ts'
export type { ActorOptions } from './actor/actor-options.ts'
export { AskError, type AskFailureReason, type AskOptions, type AskOutcome } from './actor/ask.ts'
export type { LateReply } from './actor/cell-host.ts'
export type { ChildFailed } from './actor/child-failed.ts'
export type { Actor, Context, FindOptions, SpawnArgs, SpawnOptions } from './actor/context.ts'
export type { DeadLetter, DeadLetterReason } from './actor/dead-letter.ts'
export { type ActorInfo, type ActorStatus, inspect } from './actor/inspect.ts'
export type { KeyedTimer } from './actor/keyed-timer.ts'
export type { Logger, LogLevel } from './actor/logger.ts'
export { OfferError, type OfferFailureReason, type OfferOptions } from './actor/offer.ts'
export {
  type Answer,
  type Handlers,
  type Message,
  type MessageName,
  type NameAccepting,
  type Payload,
  type Protocol,
  type ProtocolShape,
  protocol,
  type Reply,
} from './actor/protocol.ts'
export type { AnyRef, Ref } from './actor/ref.ts'
export type { Deferred, Forwarded } from './actor/reply.ts'
export type { StopOptions } from './actor/stop-options.ts'
export { tellAll } from './actor/tell-all.ts'
export type { Terminated } from './actor/terminated.ts'
export type { AskCycle } from './actor/wait-graph.ts'
export type { TerminationReason } from './actor/watcher.ts'
export type { ClusterLease } from './cluster/cluster-lease.ts'
export type { Discovery } from './cluster/discovery.ts'
export { downAll } from './cluster/down-all.ts'
export { type KeepLeaseHolderOptions, keepLeaseHolder } from './cluster/keep-lease-holder.ts'
export { keepMajority } from './cluster/keep-majority.ts'
export { keepOldest } from './cluster/keep-oldest.ts'
export type { Member, MemberInfo, MemberState } from './cluster/member.ts'
export type { MemberEvent, MemberEventType } from './cluster/member-event.ts'
export type { MembershipOptions } from './cluster/membership-settings.ts'
export { type MemoryLease, memoryLease } from './cluster/memory-lease.ts'
export { type MemorySeeds, memorySeeds } from './cluster/memory-seeds.ts'
export type { LeaseTerms, SplitBrainStrategy, SplitDecision, SplitView } from './cluster/split-brain.ts'
export { staticQuorum } from './cluster/static-quorum.ts'
export { staticSeeds } from './cluster/static-seeds.ts'
export { createSystem } from './create-system.ts'
export {
  ActorFailedError,
  AddressInUseError,
  DialError,
  DiskFailedError,
  DiskFullError,
  FileClosedError,
  FileInUseError,
  FileNotFoundError,
  FrameTooLargeError,
  InvalidOptionError,
  LinkedActorError,
  MailboxFullError,
  MalformedFrameError,
  MissingPartError,
  NameTakenError,
  NoHandlersError,
  NoMessageError,
  NotListeningError,
  NotSerializableError,
  OpenListenerError,
  ProtocolMismatchError,
  RefusedError,
  ReplyError,
  ServiceNotFoundError,
  StaleContextError,
  StashFullError,
  SystemStoppedError,
  TroupeError,
  UnexpectedStopError,
  UnknownOptionError,
} from './errors.ts'
export { type BoundedOptions, bounded, type Overflow } from './mailbox/bounded.ts'
export type { Mailbox, MailboxStrategy, MessageBacking, MessageHead, Pushed } from './mailbox/mailbox.ts'
export { type PriorityOptions, priority } from './mailbox/priority.ts'
export { checkOptions, is, type OptionCheck, requireOptions } from './options.ts'
export type { Peer, PeerEvent } from './remoting/peer-event.ts'
export type { RemoteStats } from './remoting/traffic.ts'
export type { Clock } from './runtime/clock.ts'
export { checkExtent, checkFileName, type Disk, type DiskFile, type OpenOptions } from './runtime/disk.ts'
export { type DispatchStrategy, randomDispatch } from './runtime/dispatch-strategy.ts'
export { drawBelow, hash32, type Random, SeededRandom } from './runtime/random.ts'
export { realRuntime } from './runtime/real.ts'
export type { Runtime } from './runtime/runtime.ts'
export type { Cancellable, Scheduler } from './runtime/scheduler.ts'
export type { Signals } from './runtime/signals.ts'
export {
  type Decision,
  type Directive,
  type Failure,
  type RestartPolicy,
  type Scope,
  type Shutdown,
  type Supervision,
  type Supervisor,
  stopOnFailure,
} from './supervision/directive.ts'
export { oneForAll } from './supervision/one-for-all.ts'
export { oneForOne } from './supervision/one-for-one.ts'
export { restForOne } from './supervision/rest-for-one.ts'
export type { BackoffOptions, SupervisionOptions } from './supervision/restarts.ts'
export type { SupervisionEvent } from './supervision/supervision-event.ts'
export type { ActorSystem, ConnectOptions, Extension } from './system/actor-system.ts'
export type { SystemStats } from './system/counters.ts'
export type { SystemEvent, SystemEvents } from './system/events.ts'
export { extension } from './system/extension.ts'
export type { ActorSnapshot, Inspection, InspectOptions } from './system/inspector.ts'
export type { DropReason, HandlingResult, InterceptedMessage, Interceptor } from './system/interceptor.ts'
export { consoleSink, type LogSink } from './system/logger.ts'
export type { MessagePassing } from './system/message-guard.ts'
export type { StateLimits } from './system/state-copy.ts'
export type { StopPhase, StopTaskFailed } from './system/stop-phases.ts'
export type { SystemOptions } from './system/system-options.ts'
export type { CloseCode, Link, LinkHandlers, Transport } from './transport/transport.ts'
