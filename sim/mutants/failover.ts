import type { Mutant } from './mutant.ts'

const FENCE = 'packages/strategies/src/failover/fence.ts'
const LEASE = 'packages/strategies/src/failover/lease.ts'
const CANDIDATE = 'packages/strategies/src/failover/active-passive.ts'

/** Bugs of leases and fences: who may act, and until when. */
export const failover: readonly Mutant[] = [
  {
    name: 'fence-lets-old-epochs-pass',
    file: FENCE,
    find: 'if (epoch < this.#highest) throw new StaleEpochError(what, epoch, this.#highest)',
    replace: '',
    form: 'statement',
    scenario: 'fenced-resource',
    why: 'The lease is trusted: one that was paused goes on where another one acts by now.',
  },
  {
    name: 'fence-forgets-the-highest',
    file: FENCE,
    find: 'this.#highest = epoch',
    replace: 'if (this.#highest === 0) this.#highest = epoch',
    form: 'statement',
    scenario: 'fenced-resource',
    why: 'The fence is raised once, and not with each new epoch.',
  },
  {
    name: 'lease-acquired-by-anybody',
    file: LEASE,
    find: 'this.#owner !== null && this.#owner !== owner && now < this.#expiresAtMs',
    replace: 'this.#owner === owner && now < this.#expiresAtMs',
    form: 'expression',
    scenario: 'active-passive',
    why: 'A condition turned round: the owner waits, and the others get the lease.',
  },
  {
    name: 'lease-keeps-its-epoch',
    file: LEASE,
    find: 'this.#epoch++',
    replace: 'if (this.#owner !== owner) this.#epoch++',
    form: 'statement',
    scenario: 'active-passive',
    why: 'The same owner gets the same epoch, although what it did in the first run may still be on its way.',
  },
  {
    name: 'lease-released-by-anybody',
    file: LEASE,
    find: 'if (this.#owner === owner && this.#epoch === epoch) this.#owner = null',
    replace: 'if (this.#owner !== null && epoch > 0) this.#owner = null',
    form: 'statement',
    scenario: 'active-passive',
    why: 'A release that was late evicts the new owner.',
  },
  {
    name: 'grant-counted-from-its-answer',
    file: CANDIDATE,
    find: 'askedAtMs + this.#ttlMs',
    replace: 'this.#ctx.clock.now() + this.#ttlMs + 0 * askedAtMs',
    form: 'expression',
    scenario: 'active-passive',
    why: 'A grant counts from when its answer came: longer by its way back than the lease knows.',
  },
  {
    name: 'active-for-ever',
    file: CANDIDATE,
    find: `this.#over = this.#ctx.after(validUntilMs - this.#ctx.clock.now(), '$over')`,
    replace: '',
    form: 'statement',
    scenario: 'active-passive',
    why: 'Nobody looks at the end of a grant: a candidate that is cut off stays active.',
  },
]
