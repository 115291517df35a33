import { type Actor, AskError, actor, type Context, oneForOne, protocol, type Ref } from '@troupe/core'
import { type Scenario, scenario } from '@troupe/testkit'
import { isStageEmpty, lastLook, Stage, wrongOnStage } from '../stage/stage.ts'

interface Asked {
  readonly id: number
  readonly takesMs: number
}

interface Front {
  answer: (asked: Asked) => number
  /** Asks on behalf of whoever asks, before its first await or, by its context, after it. */
  nested: (asked: Asked) => number
  nestedLater: (asked: Asked) => number
  /** Takes over its answer, and never gives it. */
  owe: (asked: Asked) => number
  refuse: (asked: Asked) => number
  fail: (asked: Asked) => number
  /** Of nobody that waits: asks, and does not wait for the answer. */
  askAside: (id: number) => void
}
const Front = protocol<Front>('front')

interface Back {
  hang: (id: number) => number
}
const Back = protocol<Back>('back')

const NAMES = ['answer', 'answer', 'nested', 'nested', 'nestedLater', 'owe', 'refuse', 'fail'] as const
const LONG_MS = 5_000
/** Time is counted in whole ms, rounded up. */
const SLACK_MS = 2

/** What is known of an ask. */
interface Known {
  readonly dueMs: number
  hasBegun: boolean
  isSettled: boolean
  /** When its handler failed, or refused it. */
  failedMs: number | null
}

/** Asks that are answered, fail, are late or expire, of an actor that asks others itself, and restarts. */
class Play {
  readonly #stage: Stage
  readonly #front: Ref<Front>
  readonly #back: Ref<Back>
  readonly #asks = new Map<number, Known>()
  /** Asks that have to end with the incarnation that made them, or owes their answers. */
  #ofIncarnation = new Map<string, () => boolean>()
  #ids = 0

  constructor(stage: Stage) {
    this.#stage = stage
    const back = actor(Back, (ctx) => ({ hang: () => ctx.reply<number>() }))
    this.#back = stage.system.spawn(back, { name: 'back' })
    const supervise = oneForOne({ maxRestarts: 1_000, backoff: { minMs: 3, maxMs: 3, jitter: 0 } })
    this.#front = stage.system.spawn(this.#actor(), { name: 'front', supervise })
    stage.drive(
      40,
      8,
      () => this.#act(),
      () => this.#stop(),
    )
  }

  #act(): void {
    const stage = this.#stage
    const id = ++this.#ids
    if (stage.oneIn(6)) {
      this.#front.tell('askAside', id)
      return
    }
    const timeoutMs = 5 + stage.random.below(40)
    const known: Known = { dueMs: stage.nowMs + timeoutMs, hasBegun: false, isSettled: false, failedMs: null }
    this.#asks.set(id, known)
    stage.began(`ask ${id}`)
    const takesMs = stage.oneIn(2) ? 0 : stage.random.below(25)
    this.#front.ask(stage.pick(...NAMES), { id, takesMs }, { timeoutMs }).then(
      (answer) => {
        stage.expect(answer === id, `ask ${id} is answered with ${answer}`)
        this.#settled(id, known, 'answered')
      },
      (error) => this.#failed(id, known, error),
    )
  }

  #settled(id: number, known: Known, how: string): void {
    const { nowMs } = this.#stage
    known.isSettled = true
    this.#stage.expect(nowMs <= known.dueMs + SLACK_MS, `ask ${id} ends ${nowMs - known.dueMs} ms late: ${how}`)
    this.#stage.ended(`ask ${id}`)
  }

  #failed(id: number, known: Known, error: unknown): void {
    const stage = this.#stage
    const { nowMs } = stage
    if (!(error instanceof AskError)) return stage.blame(`ask ${id} ends with ${String(error)}`)
    const { outcome, reason } = error
    this.#settled(id, known, `${outcome}, ${reason}`)
    stage.expect(outcome !== 'not-sent' || !known.hasBegun, `ask ${id} is not sent, and its handler has begun`)
    stage.expect(reason !== 'timeout' || nowMs >= known.dueMs, `ask ${id} expires ${known.dueMs - nowMs} ms early`)
    const isRight = outcome !== 'failed' || known.failedMs === nowMs
    stage.expect(isRight, `ask ${id} has failed, at ${nowMs} and not at ${known.failedMs}`)
    const isTold = known.failedMs === null || outcome === 'failed'
    stage.expect(isTold, `ask ${id} has failed, and ends as ${outcome}, ${reason}`)
  }

  #stop(): void {
    const stage = this.#stage
    stage.began('stop')
    void stage.system.stop(this.#front).then(async () => {
      await stage.sleep(1)
      const open = [...this.#asks].find(([, { isSettled }]) => !isSettled)
      stage.expect(open === undefined, `ask ${open?.[0]} still waits for an actor that has stopped`)
      this.#incarnationOver()
      stage.ended('stop')
    })
  }

  #incarnationOver(): void {
    for (const [what, isOver] of this.#ofIncarnation) {
      this.#stage.expect(isOver(), `${what} is still open when the incarnation is over`)
    }
    this.#ofIncarnation = new Map()
  }

  #begin(id: number): Known {
    const known = this.#asks.get(id)!
    this.#stage.expect(!known.isSettled, `ask ${id} is handled after its end`)
    known.hasBegun = true
    return known
  }

  #actor(): Actor<Front> {
    const stage = this.#stage
    return actor(Front, (ctx) => {
      this.#incarnationOver()
      return {
        answer: async ({ id, takesMs }) => {
          this.#begin(id)
          if (takesMs > 0) await stage.sleep(takesMs)
          return id
        },
        nested: ({ id }) => this.#nested(this.#begin(id), id, this.#back.ask('hang', id, { timeoutMs: LONG_MS })),
        nestedLater: async ({ id, takesMs }) => {
          const known = this.#begin(id)
          await stage.sleep(takesMs)
          return this.#nested(known, id, ctx.ask(this.#back, 'hang', id, { timeoutMs: LONG_MS }))
        },
        owe: ({ id }) => {
          const known = this.#begin(id)
          this.#ofIncarnation.set(`ask ${id}`, () => known.isSettled)
          return ctx.reply<number>()
        },
        refuse: ({ id }) => {
          this.#begin(id).failedMs = stage.nowMs
          return ctx.replyError(new Error('as asked'))
        },
        fail: async ({ id, takesMs }) => {
          const known = this.#begin(id)
          if (takesMs > 0) await stage.sleep(takesMs)
          if (!known.isSettled) known.failedMs = stage.nowMs
          throw new Error('as asked')
        },
        askAside: (id) => this.#askAside(ctx, id),
      }
    })
  }

  /** It ends when whoever waits for the handler does. */
  async #nested(known: Known, id: number, ask: Promise<number>): Promise<number> {
    const stage = this.#stage
    // With no time left it ends at once.
    const dueMs = Math.max(known.dueMs, stage.nowMs)
    await ask.catch(() => {})
    const lateMs = stage.nowMs - dueMs
    stage.expect(lateMs <= SLACK_MS, `what ask ${id} asked for ends ${lateMs} ms after it`)
    return id
  }

  #askAside(ctx: Context<Front>, id: number): void {
    let isOver = false
    this.#ofIncarnation.set(`what ${id} asked for`, () => isOver)
    const settled = (): void => {
      isOver = true
    }
    ctx.ask(this.#back, 'hang', id, { timeoutMs: LONG_MS }).then(settled, settled)
  }
}

/** Asks from outside and from within handlers, with short deadlines. Judged against "Asks" of docs/semantics.md. */
export const asks: Scenario = scenario({
  name: 'asks',
  nodes: 1,
  durationMs: 400,
  convergeMs: 1_000,
  faults: false,
  async start(node) {
    new Play(await Stage.open(node))
  },
  invariant: wrongOnStage,
  converged: isStageEmpty,
  settle: lastLook,
})
