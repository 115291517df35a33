import type { Supervision } from './directive.ts'
import { Restarts, restartSettings, type SupervisionOptions } from './restarts.ts'

/**
 * Restarts the child that failed and leaves its siblings alone. Each child has a count of restarts of its own.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function oneForOne(options: SupervisionOptions = {}): Supervision {
  const settings = restartSettings('oneForOne', options)
  return {
    name: 'one-for-one',
    scope: 'one',
    shutdown: settings.shutdown ?? 'never',
    supervise: () => new Restarts(settings),
  }
}
