import type { Logger } from '../actor/logger.ts'
import { ProtocolMismatchError, RefusedError, toError } from '../errors.ts'
import type { Deadline, TimerQueue } from '../runtime/timer-queue.ts'

/** How often a seed that does not answer is tried again, in ms. */
const RETRY_MS = 1_000
/** Longest wait before a seed that refuses is asked again, in ms: it takes a restart of either side to change that. */
const MAX_REFUSED_MS = 60_000
/** Failed attempts in a row before the log hears of it: nodes that start together miss each other once or twice. */
const FAILURES_TO_WARN = 3

interface Seed {
  readonly address: string
  /** How long to wait after the next refusal. */
  refusedMs: number
  /** Failed attempts in a row. */
  failures: number
}

/** Connects to the seeds, now and whenever one of them is not connected, until they are no seeds any more or it is stopped. */
export class Seeds {
  readonly #timers: TimerQueue
  readonly #connect: (address: string) => Promise<boolean>
  readonly #log: Logger
  readonly #seeds = new Map<string, Seed>()
  readonly #waiting = new Map<Seed, Deadline>()
  /** Addresses that turned out to lead back to this node. */
  readonly #selves = new Set<string>()
  #stopped = false

  /** @param connect makes a connection to an address unless others see to it; answers whether there is one now */
  constructor(timers: TimerQueue, connect: (address: string) => Promise<boolean>, log: Logger) {
    this.#timers = timers
    this.#connect = connect
    this.#log = log
  }

  /** These are the seeds from now on. */
  follow(addresses: Iterable<string>): void {
    const wanted = new Set(addresses)
    for (const [address, seed] of this.#seeds) {
      if (wanted.has(address)) continue
      this.#seeds.delete(address)
      this.#waiting.get(seed)?.cancel()
      this.#waiting.delete(seed)
    }
    for (const address of wanted) {
      if (this.#seeds.has(address) || this.#stopped) continue
      const seed = { address, refusedMs: RETRY_MS, failures: 0 }
      this.#seeds.set(address, seed)
      this.#try(seed)
    }
  }

  /** Whether this node has met itself there. */
  isSelf(address: string): boolean {
    return this.#selves.has(address)
  }

  stop(): void {
    this.#stopped = true
    for (const deadline of this.#waiting.values()) deadline.cancel()
    this.#waiting.clear()
  }

  #try(seed: Seed): void {
    this.#connect(seed.address).then(
      (isConnected) => {
        if (isConnected) this.#reached(seed)
        seed.refusedMs = RETRY_MS
        this.#later(seed, RETRY_MS)
      },
      (error) => {
        if (error instanceof RefusedError && error.reason === 'self') {
          this.#selves.add(seed.address)
          return
        }
        if (isRefusal(error)) {
          this.#later(seed, seed.refusedMs)
          seed.refusedMs = Math.min(MAX_REFUSED_MS, seed.refusedMs * 2)
          return
        }
        // Refused as a duplicate, it is reached the other way.
        if (!(error instanceof RefusedError)) this.#missed(seed, toError(error))
        seed.refusedMs = RETRY_MS
        this.#later(seed, RETRY_MS)
      },
    )
  }

  /** Says once what keeps a node alone. Refusals are not counted: each is in the log already. */
  #missed(seed: Seed, error: Error): void {
    if (this.#isOver(seed) || ++seed.failures !== FAILURES_TO_WARN) return
    this.#log.warn(`seed ${seed.address} does not answer, tried again each ${RETRY_MS} ms: ${error.message}`)
  }

  /** A warning as well: who reads the one has to see the other, and the default log shows nothing below. */
  #reached(seed: Seed): void {
    if (seed.failures >= FAILURES_TO_WARN) {
      this.#log.warn(`seed ${seed.address} is reached, after ${seed.failures} failed attempts`)
    }
    seed.failures = 0
  }

  #later(seed: Seed, waitMs: number): void {
    if (this.#isOver(seed)) return
    const deadline = this.#timers.after(waitMs, () => {
      this.#waiting.delete(seed)
      this.#try(seed)
    })
    this.#waiting.set(seed, deadline)
  }

  #isOver(seed: Seed): boolean {
    return this.#stopped || this.#seeds.get(seed.address) !== seed
  }
}

/** Whether somebody answered, and only a restart of either side changes the answer. */
function isRefusal(error: unknown): boolean {
  return error instanceof ProtocolMismatchError || (error instanceof RefusedError && !PASSING.has(error.reason))
}

/** Refusals that are over by the next attempt. */
const PASSING: ReadonlySet<string> = new Set(['duplicate', 'busy'])
