import type { CellEvent } from '../actor/cell-host.ts'
import type { DeadLetterReason } from '../actor/dead-letter.ts'
import type { Logger } from '../actor/logger.ts'
import type { Origin } from '../actor/origin.ts'
import { toError } from '../errors.ts'
import type { PeerEvent } from '../remoting/peer-event.ts'
import { Counters } from './counters.ts'
import { SystemEvents } from './events.ts'
import { consoleSink, guarded, type LogSink, loggerFor } from './logger.ts'
import type { StopTaskFailed } from './stop-phases.ts'

/** Wrong names that are logged, in all: they may come from another node, and need not end. */
const MOST_UNHANDLED = 100

/** Where all that is worth knowing goes: into the log, to whoever listens to events, into the counters. */
export class Reports {
  readonly events: SystemEvents
  readonly counters: Counters = new Counters()
  readonly #sink: LogSink
  /** What was logged as unhandled. */
  readonly #unhandled = new Set<string>()

  constructor(system: string, log: LogSink | false | undefined) {
    this.#sink = log === false ? () => {} : guarded(log ?? consoleSink(system))
    this.events = new SystemEvents((error) => this.#sink('error', '/', 'a listener of system events threw', error))
  }

  logger(path: string): Logger {
    return loggerFor(this.#sink, path)
  }

  undelivered(reason: DeadLetterReason, target: string, name: string, payload: unknown, origin: Origin | null): void {
    // Asked before it is told: afterwards nobody waits any more.
    const awaited = origin !== null && origin.remainingMs() !== null
    if (origin !== null && !origin.undelivered(reason)) return
    this.counters.deadLetter(reason)
    if (reason === 'unhandled' && !awaited) this.#logUnhandled(target, name)
    this.events.emit({ type: 'dead-letter', reason, target, message: name, payload })
  }

  report(event: CellEvent): void {
    this.#log(event)
    this.counters.count(event)
    this.events.emit(event)
  }

  /** A wrong name is a mistake in the program: said once for each, or a loop would fill the log. */
  #logUnhandled(target: string, name: string): void {
    const key = `${name} ${target}`
    if (this.#unhandled.has(key) || this.#unhandled.size === MOST_UNHANDLED) return
    this.#unhandled.add(key)
    this.#sink('warn', target, `has no handler of "${name}": the message is a dead letter`)
  }

  peerChanged(event: PeerEvent): void {
    if (event.type === 'system-backlog') {
      this.counters.systemBacklogs++
      const { peer, messages } = event
      const why = `${messages} system messages wait for ${peer.name || peer.address}: it counts as down, start it anew`
      this.#sink('error', '/', why)
    }
    this.events.emit(event)
  }

  #log(event: CellEvent): void {
    if (event.type === 'late-reply') return
    if (event.type === 'ask-cycle') {
      const { paths, messages } = event
      const steps = paths.map((path, i) => `${path} asks "${messages[i]}" of`).join(' ')
      this.#sink('warn', paths[0]!, `waits for itself: ${steps} ${paths[0]}; none of them gets an answer`)
      return
    }
    const { path, type } = event
    if (type === 'actor-failed') this.#sink('error', path, `failed, directive ${event.directive}`, event.error)
    if (type === 'restart-limit') this.#sink('error', path, 'used up its restarts and stops')
    if (type === 'actor-killed') this.#sink('warn', path, `was killed: ${event.why}`)
    if (type !== 'stuck-handler') return
    const ms = Math.round(event.pendingMs)
    this.#sink(
      'warn',
      path,
      `its handler of "${event.message}" has been pending for ${ms} ms, ${event.queued} wait behind it`,
    )
  }

  interceptorFailed(interceptor: string, step: string, thrown: unknown): void {
    const error = toError(thrown)
    this.#sink('error', '/', `${interceptor} threw in ${step}`, error)
    this.events.emit({ type: 'interceptor-failed', interceptor, step, error })
  }

  stopTaskFailed(event: StopTaskFailed): void {
    this.counters.givenUp++
    this.#sink('error', '/', `stop: "${event.task}" in ${event.phase} was given up`, event.error)
    this.events.emit(event)
  }
}
