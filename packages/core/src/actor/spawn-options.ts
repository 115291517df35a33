import { InvalidOptionError } from '../errors.ts'
import { checkOptions, is } from '../options.ts'
import type { AnyActor, SpawnOptions } from './context.ts'

/** Spawn options once checked, whatever the type of `args`. */
export interface AnySpawnOptions extends SpawnOptions {
  readonly args?: unknown
}

const NAME = /^[A-Za-z0-9._~:-]{1,128}$/

const CHECKS = {
  name: (value: unknown) =>
    typeof value === 'string' && NAME.test(value) ? null : '1 to 128 of A-Z, a-z, 0-9 and ._~:-',
  args: is.anything,
  supervise: is.objectWith('a supervision, such as oneForOne()', 'supervise'),
  restart: is.oneOf('permanent', 'transient', 'temporary'),
  significant: is.boolean,
  keepChildren: is.boolean,
  stopTimeoutMs: is.number(0),
  mailbox: is.objectWith('a mailbox strategy, such as bounded({ capacity: 1_000 })', 'create'),
  onUndelivered: is.function,
} as const

/** @throws {InvalidOptionError | UnknownOptionError} */
export function checkSpawnOptions(where: string, options: AnySpawnOptions | undefined): AnySpawnOptions {
  if (options === undefined) return NONE
  checkOptions(where, options, CHECKS)
  if (options.restart !== undefined || options.significant === true) checkTogether(where, options)
  return options
}

/** What only means something beside other options must not be given in vain. */
function checkTogether(where: string, { supervise, restart, significant }: AnySpawnOptions): void {
  if (restart !== undefined && supervise === undefined)
    throw new InvalidOptionError(where, 'restart', 'given together with supervise', restart)
  if (significant !== true) return
  if ((supervise?.shutdown ?? 'never') === 'never')
    throw new InvalidOptionError(where, 'significant', 'false unless supervise has a shutdown', significant)
  if (restart === 'permanent')
    throw new InvalidOptionError(where, 'significant', 'false where restart is permanent', significant)
}

const NONE: AnySpawnOptions = {}

/** @throws {InvalidOptionError} for what `actor()` did not make: a protocol token, say, or a bare function */
export function checkActor(where: string, definition: AnyActor): void {
  const setup: unknown = definition?.setup
  if (typeof setup !== 'function') throw new InvalidOptionError(where, 'actor', 'made by actor(...)', definition)
}
