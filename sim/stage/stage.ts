import type { ActorSystem, Random, Runtime } from '@troupe/core'
import type { SimulatedCluster, SimulatedNode } from '@troupe/testkit'

const stages = new WeakMap<SimulatedNode, Stage>()

/** One node on which a scenario plays, with what it has seen there that must not be. */
export class Stage {
  readonly system: ActorSystem
  readonly random: Random
  readonly #runtime: Runtime
  /** The first thing that was wrong: what comes later may follow from it. */
  #wrong: string | null = null
  /** More is to be done from outside. */
  isDriven = false
  /** What has to come to an end before the run may. */
  readonly #open = new Set<string>()

  /**
   * A stage with a system. The seed chooses whether messages are copied, and whether actors have their turns in any
   * order or in that in which they became ready: then other parts of the runtime are at work.
   *
   * @param runtime instead of the node's own
   */
  static async open(node: SimulatedNode, runtime: Runtime = node.runtime): Promise<Stage> {
    const { dispatch, ...inOrder } = runtime
    const choice = node.random.stream('stage')
    const system = await node.createSystem({
      seeds: node.others,
      runtime: choice.below(2) === 0 || dispatch === undefined ? inOrder : { ...inOrder, dispatch },
      messages: choice.below(2) === 0 ? 'encoded' : 'by-reference',
    })
    const stage = new Stage(node.random, runtime, system)
    stages.set(node, stage)
    return stage
  }

  private constructor(random: Random, runtime: Runtime, system: ActorSystem) {
    this.system = system
    this.random = random.stream('scenario')
    this.#runtime = runtime
  }

  get nowMs(): number {
    return this.#runtime.clock.now()
  }

  get wrong(): string | null {
    return this.#wrong
  }

  /** What is still to end; null when nothing is. */
  get waitsFor(): string | null {
    for (const what of this.#open) return what
    return null
  }

  /** Something is as it must not be. */
  blame(text: string): void {
    this.#wrong ??= text
  }

  /** Blames what is not so. */
  expect(isSo: boolean, text: string): void {
    if (!isSo) this.blame(text)
  }

  /** The run waits for `what`, a name nobody else uses meanwhile, until `ended`. */
  began(what: string): void {
    this.#open.add(what)
  }

  ended(what: string): void {
    this.#open.delete(what)
  }

  after(ms: number, task: () => void): void {
    this.#runtime.scheduler.after(ms, task)
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.random.below(times) === 0
  }

  pick<T>(...choices: readonly [T, ...T[]]): T {
    return choices[this.random.below(choices.length)]!
  }

  /** Does `step` `times` times, from outside of any actor, after pauses of up to `mostMs`; then `last`. */
  drive(times: number, mostMs: number, step: () => void, last: () => void = () => {}): void {
    this.began('driver')
    this.isDriven = true
    const next = (left: number): void => {
      if (left === 0) {
        this.isDriven = false
        last()
        return this.ended('driver')
      }
      this.after(this.random.below(mostMs + 1), () => {
        step()
        next(left - 1)
      })
    }
    next(times)
  }
}

/** For a scenario's `invariant`: what is wrong on some node. */
export function wrongOnStage({ nodes }: SimulatedCluster): string | null {
  for (const node of nodes.values()) {
    const wrong = stages.get(node)?.wrong ?? null
    if (wrong !== null) return wrong
  }
  return null
}

/** For a scenario's `converged`: nothing that began is still to end. */
export function isStageEmpty({ nodes }: SimulatedCluster): boolean {
  return [...nodes.values()].every((node) => stages.get(node)?.waitsFor === null)
}

/** For a scenario's `settle`: time for the invariant to be asked once more. */
export function lastLook(cluster: SimulatedCluster): Promise<void> {
  return cluster.sleep(150)
}
