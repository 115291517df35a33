import type { Logger } from '../actor/logger.ts'
import type { Signals } from '../runtime/signals.ts'
import type { StopPhase, StopPhases } from './stop-phases.ts'

/** What the runtime itself does when a system stops, one step after the other, between the phases of users' tasks. */
export interface StopSteps {
  stopActors(): Promise<void>
  /** Null where there are no connections. */
  readonly closeConnections: (() => Promise<void>) | null
  closeExtensions(attempt: (id: string, close: () => void | Promise<void>) => Promise<void>): Promise<void>
  /** Ends what the runtime itself needs. */
  end(): Promise<void>
}

/** The stop of a system: once, in fixed order, and never held up for longer than its limits allow. */
export class Shutdown {
  readonly #phases: StopPhases
  /** Counts what was killed or passed over. */
  readonly #counters: { readonly givenUp: number }
  readonly #steps: () => StopSteps
  #stopping: Promise<boolean> | null = null
  #ignoreSignals: () => void = () => {}

  constructor(phases: StopPhases, counters: { readonly givenUp: number }, steps: () => StopSteps) {
    this.#phases = phases
    this.#counters = counters
    this.#steps = steps
  }

  /** Stops, and ends the process, at one of these signals. To be called once. */
  listen(signals: Signals, names: readonly string[], logger: Logger): void {
    this.#ignoreSignals = signals.onSignal(names, async (name) => {
      logger.info(`stops: ${name}`)
      return (await this.stop()) ? 0 : 1
    })
  }

  get begun(): boolean {
    return this.#stopping !== null
  }

  add(phase: StopPhase, name: string, task: () => void | Promise<void>): () => void {
    return this.#phases.add(phase, name, task)
  }

  /** Begins the stop, or joins the one under way. @returns whether all ended in order */
  stop(): Promise<boolean> {
    this.#stopping ??= this.#run()
    return this.#stopping
  }

  async #run(): Promise<boolean> {
    // By then the stop has begun for everybody, its own tasks included.
    await undefined
    const before = this.#counters.givenUp
    const phases = this.#phases
    const { stopActors, closeConnections, closeExtensions, end } = this.#steps()
    await phases.run('before-stop')
    await stopActors()
    await phases.run('actors-stopped')
    if (closeConnections !== null) await phases.attempt('connections', 'transport', closeConnections)
    await phases.run('connections-closed')
    await closeExtensions((id, close) => phases.attempt('extensions', id, close))
    await end()
    this.#ignoreSignals()
    return this.#counters.givenUp === before
  }
}
