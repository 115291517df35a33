import type { Supervision } from './directive.ts'
import { Restarts, restartSettings, type SupervisionOptions } from './restarts.ts'

/**
 * Restarts the child that failed and those spawned after it, below one parent with this very object: they stop one
 * by one, the last one spawned first, and when all are gone they start in the order they were spawned. For actors
 * each of which builds on those before it. They share one count of restarts; a `stop`, an `escalate` and the limit
 * concern the same ones.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function restForOne(options: SupervisionOptions = {}): Supervision {
  const settings = restartSettings('restForOne', options)
  return {
    name: 'rest-for-one',
    scope: 'rest',
    shutdown: settings.shutdown ?? 'never',
    supervise: () => new Restarts(settings),
  }
}
