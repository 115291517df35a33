import type { Idle } from './idle-actors.ts'
import type { Size, WorkloadName } from './workloads.ts'

/** Does the workload once. @returns how many operations the actors themselves have counted */
export type Pass = () => number | Promise<number>

/** Starts the actors of a workload, which stay for all passes. */
export type Prepare = (size: Size) => Pass | Promise<Pass>

/** A column of the table: one way of running actors, and the workloads it can do. */
export interface Runtime {
  readonly workloads: Partial<Record<WorkloadName, Prepare>>
  readonly idle?: Idle
}

/** Lets the harness wait until an actor says that a pass is over. */
export class Gate {
  #open: (count: number) => void = () => {}

  /** @param start sets the actors going */
  pass(start: () => void): Promise<number> {
    return new Promise((resolve) => {
      this.#open = resolve
      start()
    })
  }

  /** @param count how many operations there were */
  open(count: number): void {
    this.#open(count)
  }
}
