import { type Actor, actor, protocol, type Ref } from '@troupe/core'
import { type Scenario, scenario } from '@troupe/testkit'
import { isStageEmpty, lastLook, Stage, wrongOnStage } from '../stage/stage.ts'
import { WorkingTime } from '../stage/working-time.ts'

interface Flood {
  again: () => void
}
const Flood = protocol<Flood>('flood')

interface Step {
  step: (number: number) => void
}
const Step = protocol<Step>('step')

/** What a handler takes, in ms: one of these in a run. */
const COSTS_MS = [0.02, 0.1, 0.3, 1, 4] as const
/** What a slice may take, and the handlers that end it. Of handlers shorter than two looks at the clock there are a few. */
const SLICE_MS = 5
const FEW_SHORT_MS = 0.2
const PLAY_MS = 100
/** Set-ups are fast: some handlers go by until it is seen that those are not. */
const BEFORE_IT_IS_SEEN = 10
/** So many messages fit into one turn of an actor. */
const BURST = 100
/** Virtual time is in whole us. */
const SLACK_MS = 0.05

/** Actors that never come to an end, and timers that have to come through. */
class Floods {
  readonly #stage: Stage
  readonly #time: WorkingTime
  readonly #costMs: number
  readonly #count: number
  /** What takes time comes behind an await. */
  readonly #arePatient: boolean
  #timers = 0

  constructor(stage: Stage, time: WorkingTime) {
    this.#stage = stage
    this.#time = time
    this.#costMs = stage.pick(...COSTS_MS)
    this.#count = 1 + stage.random.below(3)
    this.#arePatient = stage.oneIn(2)
    for (let left = this.#count; left > 0; left--) stage.system.spawn(this.#flood()).tell('again')
    // Where floods leave no turn to anybody, later ones would be set when all is over.
    for (let left = 3; left > 0; left--) this.#setTimer(BEFORE_IT_IS_SEEN)
    stage.drive(12, PLAY_MS / 12, () => this.#setTimer())
  }

  #flood(): Actor<Flood> {
    const endMs = this.#stage.nowMs + PLAY_MS
    return actor(Flood, (ctx) => {
      const again = (): void => {
        this.#time.work(this.#costMs)
        if (this.#stage.nowMs < endMs) ctx.self.tell('again')
      }
      return { again: this.#arePatient ? () => Promise.resolve().then(again) : again }
    })
  }

  /** Nothing comes between what several actors do when they have waited for promises. @param handlers that a slice may last longer than its time */
  #setTimer(handlers = this.#arePatient ? this.#count + 1 : 2): void {
    const stage = this.#stage
    const delayMs = stage.random.below(8)
    const dueMs = stage.nowMs + delayMs
    const name = `timer ${++this.#timers}`
    stage.began(name)
    stage.after(delayMs, () => {
      const mostMs = SLICE_MS + Math.max(handlers * this.#costMs, FEW_SHORT_MS)
      const lateMs = stage.nowMs - dueMs
      stage.expect(lateMs <= mostMs + SLACK_MS, `a timer is ${lateMs} ms late, where handlers take ${this.#costMs} ms`)
      stage.ended(name)
    })
  }
}

/** Bursts of messages whose handlers return no promise: nothing comes between them. */
class Bursts {
  readonly #stage: Stage
  readonly #refs: readonly Ref<Step>[]
  #steps = 0
  /** A promise made in the first handler of the burst has had its turn. */
  #hasComeBetween = false

  constructor(stage: Stage) {
    this.#stage = stage
    this.#refs = Array.from({ length: 1 + stage.random.below(3) }, () => stage.system.spawn(this.#actor()))
    stage.drive(10, 5, () => this.#burst())
  }

  #burst(): void {
    this.#stage.began('burst')
    for (let number = 1; number <= BURST; number++) {
      this.#refs[this.#stage.random.below(this.#refs.length)]!.tell('step', number)
    }
  }

  #actor(): Actor<Step> {
    const stage = this.#stage
    let handled = 0
    return actor(Step, () => ({
      step: (number) => {
        if (this.#steps++ === 0) {
          this.#hasComeBetween = false
          void Promise.resolve().then(() => {
            this.#hasComeBetween = true
          })
        }
        const text = `a promise comes between message ${number} and the one before, ${handled} handled by this actor`
        stage.expect(!this.#hasComeBetween, text)
        handled++
        if (this.#steps < BURST) return
        this.#steps = 0
        stage.ended('burst')
      },
    }))
  }
}

/**
 * Actors that flood themselves hold up a timer for one slice at most, and handlers that return no promise cost none.
 * Judged against "Turns" and "Fairness" of docs/semantics.md.
 */
export const fairness: Scenario = scenario({
  name: 'fairness',
  nodes: 1,
  durationMs: 200,
  convergeMs: 1_000,
  faults: false,
  async start(node) {
    const time = new WorkingTime(node.runtime)
    const stage = await Stage.open(node, time.runtime)
    stage.began('start')
    // Once the system itself has nothing left to do: what is fast among what is slow has it look at the clock less often.
    stage.after(10, () => {
      if (stage.oneIn(3)) new Bursts(stage)
      else new Floods(stage, time)
      stage.ended('start')
    })
  },
  invariant: wrongOnStage,
  converged: isStageEmpty,
  settle: lastLook,
})
