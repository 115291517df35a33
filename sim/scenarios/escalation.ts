import { type Actor, actor, oneForOne, protocol, type SpawnOptions, type SystemEvent } from '@troupe/core'
import { type Scenario, scenario } from '@troupe/testkit'
import { isStageEmpty, lastLook, Stage, wrongOnStage } from '../stage/stage.ts'

interface Level {
  fail: () => void
}
const Level = protocol<Level>('level')

/** Longer than any run: no restart is ever forgotten. */
const WITHIN_MS = 1_000_000
/** A set-up that fails is not tried again before this. */
const SETUP_WAIT_MS = 100

/** Actors one in the other, each restarted a few times, the innermost of which always fails. */
class Play {
  readonly #stage: Stage
  /** Restarts that are granted, the outermost level first. */
  readonly #restarts: readonly number[]
  readonly #failsInSetUp: boolean
  readonly #expected: number
  #starts = 0
  #lastStartMs = Number.NEGATIVE_INFINITY

  constructor(stage: Stage) {
    this.#stage = stage
    this.#restarts = Array.from({ length: 1 + stage.random.below(3) }, () => stage.random.below(3))
    this.#failsInSetUp = stage.oneIn(2)
    this.#expected = this.#restarts.reduce((product, restarts) => product * (restarts + 1), 1)
    stage.began('end')
    stage.system.events.subscribe((event) => this.#seen(event))
    stage.system.spawn(this.#level(0), this.#options(0))
  }

  #options(depth: number): SpawnOptions {
    const minMs = this.#stage.random.below(4)
    const backoff = { minMs, maxMs: 2 * minMs, jitter: 0 }
    const supervise = oneForOne({ maxRestarts: this.#restarts[depth]!, withinMs: WITHIN_MS, backoff })
    return { name: `${depth}`, supervise, restart: 'permanent' }
  }

  #level(depth: number): Actor<Level> {
    const isLeaf = depth === this.#restarts.length - 1
    return actor(Level, (ctx) => {
      if (isLeaf) this.#leafStarts()
      else ctx.spawn(this.#level(depth + 1), this.#options(depth + 1))
      if (isLeaf && !this.#failsInSetUp) ctx.self.tell('fail')
      return {
        fail: () => {
          throw new Error('as always')
        },
      }
    })
  }

  #leafStarts(): void {
    const stage = this.#stage
    this.#starts++
    stage.expect(this.#starts <= this.#expected, `start ${this.#starts}, where ${this.#expected} are granted`)
    if (!this.#failsInSetUp) return
    const waitMs = stage.nowMs - this.#lastStartMs
    stage.expect(waitMs >= SETUP_WAIT_MS, `a set-up that failed is tried again after ${waitMs} ms`)
    this.#lastStartMs = stage.nowMs
    throw new Error('as always')
  }

  #seen(event: SystemEvent): void {
    // Nobody is above the guardian: what reaches it has been given up.
    if (event.type !== 'actor-failed' || event.path !== '/user') return
    const { length } = this.#restarts
    const text = `given up after ${this.#starts} starts, where ${this.#expected} are granted`
    this.#stage.expect(this.#starts === this.#expected, text)
    this.#stage.expect(event.escalations === length, `${event.escalations} escalations over ${length} levels`)
    this.#stage.ended('end')
  }
}

/**
 * Permanent actors one in the other, the innermost of which always fails: each level multiplies the restarts, and set-ups
 * do not spin. Judged against "Failure" of docs/semantics.md.
 */
export const escalation: Scenario = scenario({
  name: 'escalation',
  nodes: 1,
  durationMs: 100,
  convergeMs: 10_000,
  faults: false,
  async start(node) {
    new Play(await Stage.open(node))
  },
  invariant: wrongOnStage,
  converged: isStageEmpty,
  settle: lastLook,
})
