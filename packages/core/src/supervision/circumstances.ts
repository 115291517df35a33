import type { Decision, Directive, RestartPolicy } from './directive.ts'

/** How a failure came about. */
export interface Circumstances {
  /** Least wait before a restart, in ms. More than 0 where a set-up failed, here or below. */
  readonly minDelayMs: number
  /** It is no failure: a permanent actor stopped by itself. */
  readonly ended: boolean
  /** How many levels below it began. */
  readonly escalations: number
}

export const IN_A_TURN: Circumstances = { minDelayMs: 0, ended: false, escalations: 0 }
export const BY_ITSELF: Circumstances = { minDelayMs: 0, ended: true, escalations: 0 }

/** How it comes about one level up. */
export function escalated({ minDelayMs, escalations }: Circumstances): Circumstances {
  return { minDelayMs, ended: false, escalations: escalations + 1 }
}

/**
 * What is done, which is not always what was decided.
 *
 * @param permanent it concerns an actor that was to run for good
 */
export function directiveFor(
  { directive, limitReached }: Decision,
  { minDelayMs, ended, escalations }: Circumstances,
  restart: RestartPolicy | undefined,
  permanent: boolean,
): Directive {
  // Nobody permanent vanishes unseen.
  if (limitReached && permanent) return 'escalate'
  if (directive === 'restart' && restart === 'temporary') return 'stop'
  // Without handlers there is nothing to go on with.
  const nothingLeft = ended || (minDelayMs > 0 && escalations === 0)
  return directive === 'resume' && nothingLeft ? 'stop' : directive
}
