import type { Supervision } from './directive.ts'
import { Restarts, restartSettings, type SupervisionOptions } from './restarts.ts'

/**
 * Restarts all that were spawned below one parent with this very object when one of them fails: they stop one by
 * one, the last one spawned first, and when all are gone they start in the order they were spawned. For actors that
 * are of no use to one another once one has lost its state. They share one count of restarts; a `stop`, an
 * `escalate` and the limit concern all of them too.
 *
 * ```ts
 * const together = oneForAll()
 * const connection = ctx.spawn(connector, { supervise: together })
 * const session = ctx.spawn(sessions, { supervise: together, args: connection })
 * ```
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function oneForAll(options: SupervisionOptions = {}): Supervision {
  const settings = restartSettings('oneForAll', options)
  return {
    name: 'one-for-all',
    scope: 'all',
    shutdown: settings.shutdown ?? 'never',
    supervise: () => new Restarts(settings),
  }
}
