import {
  type ActorSystem,
  actor,
  type Cancellable,
  type Context,
  type Deferred,
  type Handlers,
  oneForOne,
  protocol,
  type Ref,
} from '@troupe/core'

/** Actors of one batch. */
const WORKERS = 100

/**
 * Starts actors and uses all that could leave something behind: asks, timers that run and timers that are cancelled,
 * watches, failures and restarts, stops.
 *
 * @returns how many operations that was
 * @throws {Error} when anything was lost or doubled, or an actor was not restarted
 */
export async function churn(system: ActorSystem): Promise<number> {
  const bossRef = system.spawn(boss)
  const workers = await bossRef.ask('hire', WORKERS)
  for (const [i, ref] of workers.entries()) {
    for (let n = 0; n < 10; n++) ref.tell('add', n)
    if (i % 4 === 0) ref.tell('fail')
    ref.tell('remind')
  }
  const sums = await Promise.all(workers.map((ref) => ref.ask('sum')))
  // Who failed has lost its sum, and none of the messages behind it.
  for (const [i, sum] of sums.entries()) expect('sum', sum, i % 4 === 0 ? 0 : 45)
  const reminders = await Promise.all(workers.map((ref) => ref.ask('reminders')))
  for (const count of reminders) expect('reminders', count, 1)
  const half = workers.filter((_, i) => i % 2 === 0)
  expect('notices', await bossRef.ask('dismiss', half), half.length)
  await system.stop(bossRef)
  // Of each: start, 10 tells, reminder, two asks, timer, ticker, watch, stop.
  return WORKERS * 18 + WORKERS / 4
}

function expect(what: string, actual: number, expected: number): void {
  if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}`)
}

interface Boss {
  hire: (count: number) => Ref<Worker>[]
  left: () => void
  /** Stops them, and answers once they have left. */
  dismiss: (workers: readonly Ref<Worker>[]) => Deferred<number>
}

class BossActor implements Handlers<Boss> {
  readonly #context: Context<Boss>
  #left = 0
  #expected = 0
  #asked: Deferred<number> | null = null

  constructor(context: Context<Boss>) {
    this.#context = context
  }

  hire(count: number): Ref<Worker>[] {
    return Array.from({ length: count }, () => {
      const ref = this.#context.spawn(worker, { supervise: RESTART })
      this.#context.watch(ref, 'left')
      return ref
    })
  }

  left(): void {
    if (++this.#left < this.#expected) return
    this.#asked?.resolve(this.#left)
    this.#asked = null
  }

  dismiss(workers: readonly Ref<Worker>[]): Deferred<number> {
    this.#expected = workers.length
    this.#asked = this.#context.reply<number>()
    for (const ref of workers) this.#context.stop(ref)
    return this.#asked
  }
}

const boss = actor(protocol<Boss>('boss'), (context) => new BossActor(context))

/** At once: a soak is to restart, not to wait. */
const RESTART = oneForOne({ backoff: { minMs: 0, maxMs: 0 } })

interface Worker {
  add: (number: number) => void
  fail: () => void
  remind: () => void
  reminder: () => void
  tick: () => void
  sum: () => number
  /** Answers once there was one. */
  reminders: () => Deferred<number>
}

class WorkerActor implements Handlers<Worker> {
  readonly #context: Context<Worker>
  readonly #ticker: Cancellable
  #sum = 0
  #reminders = 0
  #asked: Deferred<number> | null = null

  constructor(context: Context<Worker>) {
    this.#context = context
    // Never runs: it is cancelled by the reminder, or goes with the actor.
    this.#ticker = context.every(60_000, 'tick')
  }

  add(number: number): void {
    this.#sum += number
  }

  fail(): void {
    throw new Error('as told')
  }

  remind(): void {
    this.#context.after(1, 'reminder')
  }

  reminder(): void {
    this.#reminders++
    this.#ticker.cancel()
    this.#asked?.resolve(this.#reminders)
    this.#asked = null
  }

  tick(): void {}

  sum(): number {
    return this.#sum
  }

  reminders(): Deferred<number> {
    const asked = this.#context.reply<number>()
    if (this.#reminders > 0) asked.resolve(this.#reminders)
    else this.#asked = asked
    return asked
  }
}

const worker = actor(protocol<Worker>('worker'), (context) => new WorkerActor(context))
