export { ActorEndedError } from './rx/actor-ended-error.ts'
export { events, type SystemEventOf } from './rx/events.ts'
export { type IntoOptions, into, type Told } from './rx/into.ts'
export { observe } from './rx/observe.ts'
export {
  type Output,
  type OutputName,
  type OutputObserver,
  type OutputOptions,
  type OutputRequest,
  type OutputValue,
  output,
  type Publisher,
} from './rx/output.ts'
export { peers } from './rx/peers.ts'
export { systemScheduler } from './rx/system-scheduler.ts'
export { untilStopped } from './rx/until-stopped.ts'
