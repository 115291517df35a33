import type { Actor } from '../actor/context.ts'
import { is, requireOptions } from '../options.ts'
import type { Supervision } from '../supervision/directive.ts'
import { oneForOne } from '../supervision/one-for-one.ts'

/** What a singleton is, the same on all nodes. */
export interface SingletonOptions<P> {
  /** Names it in the whole cluster: 1 to 64 of A-Z, a-z, 0-9 and `._~-`. */
  readonly name: string
  /**
   * Its behaviour, made anew for each start and restart. The fencing token is a safe integer above those of all starts
   * before: give it to the resource with all that is done there, so that it can refuse older ones.
   */
  readonly service: (fence: number) => Actor<P>
  /** Only members with this role host it; the others reach it. Default: all do. */
  readonly role?: string
  /** What happens when it fails. Default `oneForOne()`. Once that gives up, the next oldest member hosts it. */
  readonly supervise?: Supervision
  /** Messages that wait on one node while nobody hosts it; more are turned down. Default 1,000. */
  readonly bufferMessages?: number
  /** Their payloads as CBOR, in bytes, all together. Default 1 MiB. */
  readonly bufferBytes?: number
  /** How long a hand-over in order may take, in ms; then what is left to handle is lost. Default 4,000. */
  readonly handOverMs?: number
}

/** The options with every default filled in. */
export interface SingletonSettings<P> extends Required<Omit<SingletonOptions<P>, 'role'>> {
  readonly role: string | null
}

/** @throws {UnknownOptionError | InvalidOptionError} */
export function checkSingletonOptions<P>(options: SingletonOptions<P>): SingletonSettings<P> {
  requireOptions(
    'singleton',
    options,
    { name: isName, service: is.function },
    {
      role: is.string,
      supervise: is.objectWith('a supervision, such as oneForOne()', 'supervise'),
      bufferMessages: is.integer(0),
      bufferBytes: is.integer(0),
      handOverMs: is.number(1),
    },
  )
  const { name, service, role, supervise, bufferMessages, bufferBytes, handOverMs } = options
  return {
    name,
    service,
    role: role ?? null,
    supervise: supervise ?? oneForOne(),
    bufferMessages: bufferMessages ?? 1_000,
    bufferBytes: bufferBytes ?? 1024 * 1024,
    // Less than a phase of the stop may take: 5,000.
    handOverMs: handOverMs ?? 4_000,
  }
}

function isName(value: unknown): string | null {
  const isOne = typeof value === 'string' && /^[\w.~-]{1,64}$/.test(value)
  return isOne ? null : '1 to 64 of A-Z, a-z, 0-9 and ._~-'
}
