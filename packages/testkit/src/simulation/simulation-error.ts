import { TroupeError } from '@troupe/core'
import type { Violation } from './violation.ts'

/** Code in a simulation used a clock, chance, a timer or a file that no seed decides. */
export class AmbientCallError extends TroupeError {
  override readonly name = 'AmbientCallError'
  readonly code = 'AMBIENT_CALL'
  /** What was called: `Date.now()`. */
  readonly call: string
  /** Where: file, line and column. */
  readonly site: string

  constructor(call: string, site: string, wayOut: string) {
    super(`${call} at ${site}: no seed decides what it gives, so the run could not be replayed; ${wayOut}`)
    this.call = call
    this.site = site
  }
}

/** Virtual time stands still: turns follow one another at one instant without an end. */
export class LivelockError extends TroupeError {
  override readonly name = 'LivelockError'
  readonly code = 'LIVELOCK'

  constructor(what: string) {
    super(`${what}: virtual time would never move on; does an actor send itself messages without a pause?`)
  }
}

/** Virtual time has passed, and what was waited for has not come. */
export class NotInTimeError extends TroupeError {
  override readonly name = 'NotInTimeError'
  readonly code = 'NOT_IN_TIME'
  readonly withinMs: number

  constructor(what: string, withinMs: number) {
    super(
      `${what} within ${withinMs} ms of virtual time; give it longer, or look at world.trace.events, kept by record: true`,
    )
    this.withinMs = withinMs
  }
}

/** A turn of a simulation, or a second caller, was to move its time on while it runs. */
export class SimulationRunningError extends TroupeError {
  override readonly name = 'SimulationRunningError'
  readonly code = 'SIMULATION_RUNNING'

  constructor() {
    super('the simulation is running: what happens in it cannot move its time on; await the step under way')
  }
}

/** Something was asked of a simulated node that it cannot do as it is: there is none of that name, or it is down. */
export class NoNodeError extends TroupeError {
  override readonly name = 'NoNodeError'
  readonly code = 'NO_NODE'

  constructor(message: string) {
    super(message)
  }
}

/** A run has shown what it must not. */
export class ViolationError extends TroupeError {
  override readonly name = 'ViolationError'
  readonly code = 'VIOLATION'
  readonly violation: Violation

  constructor(violation: Violation) {
    const { kind, name, message, atMs, node } = violation
    super(`${kind}, ${name}, at ${atMs} ms${node === undefined ? '' : ` on ${node}`}: ${message}`)
    this.violation = violation
  }
}
