import {
  type Actor,
  actor,
  type Cancellable,
  type Context,
  is,
  type Protocol,
  type Ref,
  requireOptions,
  TroupeError,
} from '@troupe/core'
import type { AnyProtocol } from '../relay.ts'
import type { Guarantee } from '../replication/guarantee.ts'
import type { Grant, Lease } from './lease.ts'

export interface ActivePassiveOptions<P> {
  readonly lease: Ref<Lease>
  /** Names this candidate; different from all others. */
  readonly owner: string
  /** The service to run while active. It must bring `epoch` with all it does to a resource, which checks it. */
  readonly service: (epoch: number) => Actor<P>
  /** How long a grant lasts, in ms: a lost active is replaced after this and a third more at most. Default 3,000. */
  readonly ttlMs?: number
}

/** What a candidate answers besides its service's protocol. */
export interface CandidateControl {
  $status: () => { readonly active: boolean; readonly epoch: number }
}

/** This candidate is a standby: the service runs elsewhere, or nowhere at present. The message was not handled. */
export class NotActiveError extends TroupeError {
  override readonly name = 'NotActiveError'
  readonly code = 'NOT_ACTIVE'
  override readonly retryable = true

  constructor(owner: string) {
    super(`"${owner}" is a standby; ask the active one, or wait until this one takes over`)
  }
}

export const activePassiveGuarantee: Guarantee = {
  acknowledged: 'The service of the active candidate has handled it, in the epoch of its lease.',
  reads: 'From the active candidate; one that was paused may answer once more before it knows that it is not active.',
  losesWhen: 'The active candidate is lost with what it alone held: the standby starts with nothing but the resource.',
}

interface Inner extends CandidateControl {
  $tick: () => void
  $over: () => void
  $ended: () => void
}

/**
 * A candidate: runs its service while it holds the lease, and is a standby otherwise. It renews at a third of
 * the time and stops the service when its own clock says that the grant is over, counted from when it asked.
 *
 * Clocks may differ and a process may be paused: two may act for a moment. Only a check of the epoch at the
 * resource, `fenced`, makes that harmless.
 * @throws {InvalidOptionError | UnknownOptionError}
 */
export function activePassive<P>(options: ActivePassiveOptions<P>): Actor<P & CandidateControl>
export function activePassive(options: ActivePassiveOptions<AnyProtocol>): Actor<CandidateControl> {
  const required = { lease: is.object, owner: is.string, service: is.function }
  requireOptions('activePassive', options, required, { ttlMs: is.number(3) })
  const token: Protocol<Inner> = { id: 'candidate' }
  return actor(token, (ctx) => {
    const candidate = new Candidate(ctx, options)
    ctx.every((options.ttlMs ?? DEFAULT_TTL_MS) / 3, '$tick')
    ctx.onStop(() => candidate.resign())
    candidate.$tick()
    return candidate.handlers
  })
}

/** Three renewals may be lost in a row; a pause of a second, which garbage collection can make, is forgiven. */
const DEFAULT_TTL_MS = 3_000

class Candidate {
  readonly #ctx: Context<Inner>
  readonly #options: ActivePassiveOptions<AnyProtocol>
  readonly #ttlMs: number
  #service: Ref<AnyProtocol> | null = null
  #epoch = 0
  /** Monotonic ms at which the grant is over. */
  #validUntilMs = 0
  #over: Cancellable | null = null
  #asking = false
  /** What the actor answers: an object of its own, because `resign` is no message. */
  readonly handlers: {
    [K in keyof Inner]: Inner[K]
  } & { unhandled: (name: string, payload: unknown) => unknown }

  constructor(ctx: Context<Inner>, options: ActivePassiveOptions<AnyProtocol>) {
    this.#ctx = ctx
    this.#options = options
    this.#ttlMs = options.ttlMs ?? DEFAULT_TTL_MS
    this.handlers = {
      $tick: () => this.$tick(),
      $over: () => this.#deactivate(),
      $ended: () => this.resign(),
      $status: () => ({ active: this.#service !== null, epoch: this.#epoch }),
      unhandled: (name) => {
        const inTime = this.#ctx.clock.now() < this.#validUntilMs
        if (this.#service === null || !inTime || name.startsWith('$'))
          return this.#ctx.replyError(new NotActiveError(this.#options.owner))
        return this.#ctx.forward(this.#service)
      },
    }
  }

  $tick(): void {
    if (this.#asking) return
    const { lease, owner } = this.#options
    const ttlMs = this.#ttlMs
    const askedAtMs = this.#ctx.clock.now()
    const held = this.#service !== null
    const ask = held
      ? lease.ask('renew', { owner, epoch: this.#epoch, ttlMs }, { timeoutMs: ttlMs / 3 })
      : lease.ask('acquire', { owner, ttlMs }, { timeoutMs: ttlMs / 3 })
    this.#asking = true
    ask.then(
      (grant) => this.#answered(grant, askedAtMs, held),
      () => {
        // The lease is away: the grant goes on until its end, and no longer.
        this.#asking = false
      },
    )
  }

  /** Stops the service and gives the lease back, so that a standby need not wait. */
  resign(): void {
    const epoch = this.#epoch
    const held = this.#service !== null
    this.#deactivate()
    if (held) this.#options.lease.tell('release', { owner: this.#options.owner, epoch })
  }

  #answered(grant: Grant, askedAtMs: number, renewed: boolean): void {
    this.#asking = false
    if (this.#ctx.signal.aborted) return
    if (!grant.granted || (renewed && this.#service === null)) return renewed ? this.#deactivate() : undefined
    const validUntilMs = askedAtMs + this.#ttlMs
    if (validUntilMs <= this.#ctx.clock.now()) return
    this.#validUntilMs = validUntilMs
    this.#over?.cancel()
    this.#over = this.#ctx.after(validUntilMs - this.#ctx.clock.now(), '$over')
    if (!renewed) this.#activate(grant.epoch)
  }

  #activate(epoch: number): void {
    this.#epoch = epoch
    this.#service = this.#ctx.spawn(this.#options.service(epoch))
    this.#ctx.watch(this.#service, '$ended')
    this.#ctx.log.info(`active in epoch ${epoch}`)
  }

  #deactivate(): void {
    this.#over?.cancel()
    if (this.#service === null) return
    const service = this.#service
    this.#service = null
    if (this.#ctx.signal.aborted) return
    this.#ctx.unwatch(service)
    this.#ctx.stop(service)
    this.#ctx.log.info(`standby, after epoch ${this.#epoch}`)
  }
}
