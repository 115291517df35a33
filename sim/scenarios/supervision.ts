import {
  type Actor,
  actor,
  type ChildFailed,
  oneForAll,
  oneForOne,
  protocol,
  type Ref,
  restForOne,
  type Supervision,
  type SystemEvent,
} from '@troupe/core'
import { type Scenario, scenario } from '@troupe/testkit'
import { RestartTwin } from '../stage/restart-twin.ts'
import { isStageEmpty, lastLook, Stage, wrongOnStage } from '../stage/stage.ts'

interface Worker {
  work: (takesMs: number) => void
  fail: () => void
}
const Worker = protocol<Worker>('worker')

interface Helper {
  help: () => void
}
const Helper = protocol<Helper>('helper')

interface Parent {
  childFailed: (failed: ChildFailed) => void
}
const Parent = protocol<Parent>('parent')

type Kind = 'one' | 'all' | 'rest'

/** What becomes of a temporary child that fails. */
const STOPPED = { directive: 'stop', delayMs: 0 } as const

/** What is known of one child. */
interface Child {
  readonly index: number
  /** It is never restarted, and takes nobody along. */
  readonly isTemporary: boolean
  isUp: boolean
  /** It has failed for good, or its cohort has. */
  isGone: boolean
  /** It ends for a failure of its own that is nobody else's affair. */
  endsAlone: boolean
  /** Restarts that failures ask for, and those that were seen. */
  isDue: boolean
  /** Not before this: the wait is to be kept. */
  notBeforeMs: number
  starts: number
  /** Of its helpers, which are up: by the number each was started with. */
  readonly helpers: Set<number>
}

/** Children of one parent that are supervised in one of three ways and fail; each has helpers below it. */
class Play {
  readonly #stage: Stage
  readonly #kind: Kind
  readonly #children: Child[]
  readonly #twins: readonly RestartTwin[]
  readonly #refs: Ref<Worker>[] = []
  #helpers = 0

  constructor(stage: Stage) {
    const { random } = stage
    this.#stage = stage
    this.#kind = stage.pick<Kind>('one', 'all', 'rest')
    const minMs = 2 + random.below(8)
    const settings = {
      maxRestarts: 1 + random.below(4),
      withinMs: 60 + random.below(200),
      backoff: { minMs, maxMs: minMs * (1 + random.below(3)), factor: 2, jitter: 0 },
    }
    const supervise = { one: oneForOne, all: oneForAll, rest: restForOne }[this.#kind](settings)
    const count = 2 + random.below(3)
    this.#children = Array.from({ length: count }, (_, index) => ({
      index,
      isTemporary: stage.oneIn(4),
      isUp: false,
      isGone: false,
      endsAlone: false,
      isDue: false,
      notBeforeMs: 0,
      starts: 0,
      helpers: new Set<number>(),
    }))
    this.#twins = this.#children.map(() => new RestartTwin({ ...settings, ...settings.backoff }))
    stage.system.events.subscribe((event) => this.#seen(event))
    stage.system.spawn(this.#parent(supervise), { name: 'parent' })
    stage.drive(25, 30, () => this.#act())
  }

  #act(): void {
    const ref = this.#refs[this.#stage.random.below(this.#refs.length)]
    if (this.#stage.oneIn(2)) ref?.tell('fail')
    else ref?.tell('work', this.#stage.random.below(12))
  }

  #parent(supervise: Supervision): Actor<Parent> {
    return actor(Parent, (ctx) => {
      for (const child of this.#children) {
        const restart = child.isTemporary ? 'temporary' : 'transient'
        this.#refs.push(ctx.spawn(this.#child(child), { name: `${child.index}`, supervise, restart }))
      }
      return { childFailed: () => {} }
    })
  }

  #child(child: Child): Actor<Worker> {
    return actor(Worker, (ctx) => {
      this.#started(child)
      for (let left = this.#stage.random.below(3); left > 0; left--) ctx.spawn(this.#helper(child))
      ctx.onStop(() => this.#stopped(child))
      return {
        work: async (takesMs) => this.#stage.sleep(takesMs),
        fail: () => {
          throw new Error('as asked')
        },
      }
    })
  }

  #helper({ index, helpers }: Child): Actor<Helper> {
    return actor(Helper, (ctx) => {
      const number = ++this.#helpers
      helpers.add(number)
      ctx.onStop(() => {
        const last = Math.max(...helpers)
        this.#stage.expect(last === number, `helper ${number} of ${index} stops before ${last}, which came later`)
        helpers.delete(number)
      })
      return { help: () => {} }
    })
  }

  #started(child: Child): void {
    const stage = this.#stage
    const { index, helpers } = child
    child.isUp = true
    stage.expect(helpers.size === 0, `${index} starts while ${helpers.size} helpers of its last run are up`)
    if (++child.starts === 1) return
    stage.expect(child.isDue, `${index} is restarted, and no failure asks for that`)
    stage.expect(stage.nowMs >= child.notBeforeMs, `${index} is restarted before its wait is over`)
    child.isDue = false
    stage.ended(`restart of ${index}`)
    for (const other of this.#concerned(index)) {
      if (other.isGone) continue
      if (other.index < index) stage.expect(other.isUp, `${index} is restarted while ${other.index} before it is down`)
      if (other.index > index) stage.expect(!other.isUp, `${index} is restarted while ${other.index} behind it is up`)
    }
  }

  #stopped(child: Child): void {
    const { index, helpers } = child
    child.isUp = false
    this.#stage.expect(helpers.size === 0, `${index} cleans up while ${helpers.size} of its helpers are up`)
    if (child.endsAlone) return
    for (const other of this.#concerned(index)) {
      if (other.index > index) this.#stage.expect(!other.isUp, `${index} stops while ${other.index} behind it is up`)
    }
  }

  /** Whom the end of a child concerns. */
  #concerned(index: number): readonly Child[] {
    if (this.#kind === 'one') return this.#children.slice(index, index + 1)
    return this.#kind === 'all' ? this.#children : this.#children.slice(index)
  }

  #seen(event: SystemEvent): void {
    const name = 'path' in event ? /^\/user\/parent\/(\d)$/.exec(event.path)?.[1] : undefined
    if (name === undefined || event.type !== 'actor-failed') return
    const child = this.#children[Number(name)]!
    const { nowMs } = this.#stage
    const { directive, delayMs } = event
    // It was to go down with others already.
    if (child.isDue || child.isGone) return
    const expected = child.isTemporary ? STOPPED : this.#twins[this.#kind === 'one' ? child.index : 0]!.failed(nowMs)
    const isRight = directive === expected.directive && delayMs === expected.delayMs
    const text = `${directive} after ${delayMs} ms, not ${expected.directive} after ${expected.delayMs} ms`
    this.#stage.expect(isRight, `failure of ${name}, one for ${this.#kind}: ${text}`)
    child.endsAlone = child.isTemporary
    if (child.endsAlone) this.#fails(child, expected)
    else for (const other of this.#concerned(child.index)) this.#fails(other, expected)
  }

  #fails(child: Child, { directive, delayMs }: { directive: string; delayMs: number }): void {
    if (child.isGone) return
    child.isDue = directive === 'restart' && !child.isTemporary
    child.isGone = !child.isDue
    child.notBeforeMs = this.#stage.nowMs + delayMs
    if (child.isDue) this.#stage.began(`restart of ${child.index}`)
    else this.#stage.ended(`restart of ${child.index}`)
  }
}

/**
 * One for one, one for all and rest for one: who is restarted, after what wait, in which order, and how often; and who
 * stays away. Judged against "Failure" and "Restart" of docs/semantics.md.
 */
export const supervision: Scenario = scenario({
  name: 'supervision',
  nodes: 1,
  durationMs: 600,
  convergeMs: 2_000,
  faults: false,
  async start(node) {
    new Play(await Stage.open(node))
  },
  invariant: wrongOnStage,
  converged: isStageEmpty,
  settle: lastLook,
})
