import {
  type Actor,
  actor,
  type Context,
  oneForOne,
  protocol,
  type Ref,
  StaleContextError,
  type SystemEvent,
} from '@troupe/core'
import { type Scenario, scenario } from '@troupe/testkit'
import { isStageEmpty, lastLook, Stage, wrongOnStage } from '../stage/stage.ts'

interface Work {
  readonly id: number
  readonly takesMs: number
}

interface Target {
  work: (work: Work) => void
  /** Fails the actor a little later, whatever it does by then. */
  failLater: (inMs: number) => void
  /** From an incarnation to itself; `isOver` when it knew that it was not to. */
  remind: (isOver: boolean) => void
}
const Target = protocol<Target>('target')

interface Watcher {
  watch: (run: Run) => void
  unwatch: (run: Run) => void
  /** What a target says while it lives. */
  said: (run: number) => void
  gone: (notice: { readonly watch: number; readonly run: number }) => void
}
const Watcher = protocol<Watcher>('watcher')

/** One actor from its spawn to its end. */
interface Run {
  readonly number: number
  readonly ref: Ref<Target>
}

/** What is known of a run. */
interface Known {
  incarnation: number
  /** A handler of the present incarnation is under way. */
  isBusy: boolean
  isKilled: boolean
  /** The present incarnation has failed: one that then takes too long to end leaves its clean-ups out. */
  hasFailed: boolean
  isNoticed: boolean
  /** Clean-ups of the present incarnation that have not begun, in the order they were added. */
  cleanUps: number[]
  /** Messages sent that have neither begun nor become dead letters. */
  readonly open: Set<number>
}

const STOP_TIMEOUT_MS = 20
/** What a stop may take beyond its time: timers count in whole ms. */
const SLACK_MS = 2

/** Actors that are stopped in the midst of their work, time out, fail, and are watched. */
class Play {
  readonly #stage: Stage
  readonly #watcher: Ref<Watcher>
  readonly #known = new Map<number, Known>()
  /** By run: the number of the watch that is to bring a notice. */
  readonly #watches = new Map<number, number>()
  #run: Run | null = null
  #runs = 0
  #ids = 0

  constructor(stage: Stage) {
    this.#stage = stage
    stage.system.events.subscribe((event) => this.#seen(event))
    this.#watcher = stage.system.spawn(this.#watcherActor(), { name: 'watcher' })
    stage.drive(
      60,
      8,
      () => this.#act(),
      () => this.#run !== null && this.#stop(this.#run),
    )
  }

  #act(): void {
    const stage = this.#stage
    const run = this.#run
    if (run === null) this.#spawn()
    else if (stage.oneIn(16)) this.#stop(run)
    else if (stage.oneIn(5)) this.#watcher.tell(stage.oneIn(3) ? 'unwatch' : 'watch', run)
    else if (stage.oneIn(6)) run.ref.tell('failLater', stage.random.below(10))
    else {
      const id = ++this.#ids
      this.#known.get(run.number)!.open.add(id)
      run.ref.tell('work', { id, takesMs: stage.oneIn(4) ? 2 * STOP_TIMEOUT_MS : stage.random.below(6) })
    }
  }

  #spawn(): void {
    const number = ++this.#runs
    const known: Known = {
      incarnation: 0,
      isBusy: false,
      isKilled: false,
      hasFailed: false,
      isNoticed: false,
      cleanUps: [],
      open: new Set(),
    }
    this.#known.set(number, known)
    const supervise = oneForOne({ maxRestarts: 1_000, backoff: { minMs: 1, maxMs: 1, jitter: 0 } })
    const options = { name: `${number}`, supervise, stopTimeoutMs: STOP_TIMEOUT_MS }
    this.#run = { number, ref: this.#stage.system.spawn(this.#target(number, known), options) }
  }

  #stop({ ref, number }: Run): void {
    const stage = this.#stage
    const startMs = stage.nowMs
    this.#run = null
    stage.began(`stop of ${number}`)
    void stage.system.stop(ref).then(() => {
      const tookMs = stage.nowMs - startMs
      stage.expect(tookMs <= STOP_TIMEOUT_MS + SLACK_MS, `stopping ${number} took ${tookMs} ms`)
      const [lost] = this.#known.get(number)!.open
      stage.expect(lost === undefined, `message ${lost} was neither handled nor a dead letter when ${number} had ended`)
      stage.ended(`stop of ${number}`)
    })
  }

  #target(run: number, known: Known): Actor<Target> {
    const stage = this.#stage
    return actor(Target, (ctx) => {
      const incarnation = ++known.incarnation
      known.isBusy = false
      known.hasFailed = false
      known.cleanUps = []
      for (let left = stage.random.below(4); left > 0; left--) this.#addCleanUp(ctx, run, known)
      return {
        work: async ({ id, takesMs }) => {
          known.open.delete(id)
          known.isBusy = true
          this.#watcher.tell('said', run)
          await stage.sleep(takesMs)
          if (incarnation === known.incarnation && !known.isKilled) known.isBusy = false
          this.#afterwards(ctx, incarnation, run, known)
        },
        failLater: (inMs) =>
          ctx.task(async () => {
            await stage.sleep(inMs)
            throw new Error('as asked')
          }),
        remind: (isOver) => stage.expect(!isOver, `${run} gets what an incarnation that was over said to itself`),
      }
    })
  }

  #addCleanUp(ctx: Context<Target>, run: number, known: Known): void {
    const stage = this.#stage
    const number = known.cleanUps.length
    known.cleanUps.push(number)
    const takesMs = stage.oneIn(3) ? 1 + stage.random.below(STOP_TIMEOUT_MS) : 0
    const incarnation = known.incarnation
    ctx.onStop(() => {
      const due = incarnation === known.incarnation ? known.cleanUps.pop() : undefined
      stage.expect(due === number, `clean-up ${number} of ${run} runs, due is ${due ?? 'none'}`)
      stage.expect(!known.isBusy, `${run} cleans up while its handler is under way`)
      stage.expect(!known.isKilled, `${run} cleans up after it was killed`)
      this.#watcher.tell('said', run)
      return takesMs === 0 ? undefined : stage.sleep(takesMs)
    })
  }

  /** A handler goes on after an await, maybe of an incarnation that is over. */
  #afterwards(ctx: Context<Target>, incarnation: number, run: number, known: Known): void {
    const isOver = incarnation !== known.incarnation || known.isKilled
    ctx.self.tell('remind', isOver)
    if (!isOver) return
    try {
      ctx.after(1, 'remind', true)
      this.#stage.blame(`an incarnation of ${run} that is over may still set a timer`)
    } catch (error) {
      this.#stage.expect(error instanceof StaleContextError, `a handler left over gets ${String(error)}`)
    }
  }

  #watcherActor(): Actor<Watcher> {
    const stage = this.#stage
    let watches = 0
    return actor(Watcher, (ctx) => ({
      watch: ({ ref, number }) => {
        const watch = ++watches
        if (this.#watches.has(number)) stage.ended(`watch ${this.#watches.get(number)}`)
        this.#watches.set(number, watch)
        stage.began(`watch ${watch}`)
        ctx.watch(ref, 'gone', { watch, run: number })
      },
      unwatch: ({ ref, number }) => {
        stage.ended(`watch ${this.#watches.get(number)}`)
        this.#watches.delete(number)
        ctx.unwatch(ref)
      },
      said: (run) => stage.expect(!this.#known.get(run)!.isNoticed, `${run} is gone, and says something`),
      gone: ({ watch, run }) => {
        const due = this.#watches.get(run)
        stage.expect(due === watch, `a notice of watch ${watch} on ${run}, due is ${due ?? 'none'}`)
        this.#watches.delete(run)
        stage.ended(`watch ${watch}`)
        const known = this.#known.get(run)!
        known.isNoticed = true
        const isDone = known.isKilled || known.hasFailed || known.cleanUps.length === 0
        stage.expect(isDone, `a notice of the end of ${run} before its clean-ups have run`)
      },
    }))
  }

  #seen(event: SystemEvent): void {
    if (event.type === 'dead-letter' && event.message === 'work') {
      const { id } = event.payload as Work
      for (const { open } of this.#known.values()) open.delete(id)
    }
    if (event.type !== 'actor-killed' && event.type !== 'actor-failed') return
    const known = this.#known.get(Number(event.path.slice('/user/'.length)))!
    if (event.type === 'actor-killed') known.isKilled = true
    else known.hasFailed = true
  }
}

/**
 * Stops, time-outs, failures and watches of an actor in the midst of its work. Judged against "Restart", "Stopping"
 * and "Watching" of docs/semantics.md.
 */
export const endings: Scenario = scenario({
  name: 'endings',
  nodes: 1,
  durationMs: 500,
  convergeMs: 1_000,
  faults: false,
  async start(node) {
    new Play(await Stage.open(node))
  },
  invariant: wrongOnStage,
  converged: isStageEmpty,
  settle: lastLook,
})
