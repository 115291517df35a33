import { Cbor } from './codec/cbor.ts'
import { SmallCbor } from './codec/small-cbor.ts'
import { InvalidOptionError } from './errors.ts'
import { DIALECT } from './remoting/dialect.ts'
import { hostRuntime } from './runtime/host.ts'
import { searchSeeds } from './search-seeds.ts'
import { type SystemParts, startSystem } from './start-system.ts'
import type { ActorSystem } from './system/actor-system.ts'
import { diagnosis as watching } from './system/diagnosis.ts'
import { Inspector } from './system/inspector.ts'
import { systemHooks } from './system/message-hooks.ts'
import { proofs as proving } from './system/proofs.ts'
import type { SystemOptions } from './system/system-options.ts'

/** Something that a system can do without, and a page need not load. */
export type Part = Partial<SystemParts>

/** Options of {@link createSystem} for a client: those of a node, and the parts that it has besides what it needs. */
export interface ClientOptions extends SystemOptions {
  /** What it is to others. Default, and the only choice here: `client`. */
  readonly role?: 'client'
  /**
   * `proofs` for `secret`, `interception` for `messages` and `interceptors`, `inspection` for `system.inspect` and
   * `system.snapshot`, `diagnosis` for the events `ask-cycle` and `stuck-handler`, `discovery` for `seeds` that are looked
   * up. Default none.
   */
  readonly parts?: readonly Part[]
}

const LEAST: SystemParts = {
  runtime: hostRuntime,
  codec: () => new Cbor(new SmallCbor(), null),
  diagnosis: null,
  interception: null,
  inspection: null,
  proofs: null,
  acceptor: null,
  membership: null,
  discovery: null,
}

/** Options `messages` and `interceptors`. 1.4 KB of gzip. */
export const interception: Part = { interception: systemHooks }
/** `system.inspect` and `system.snapshot`. 1.6 KB of gzip. */
export const inspection: Part = { inspection: (root, clock) => new Inspector(root, clock) }
/** Events `ask-cycle` and `stuck-handler`. 0.6 KB of gzip. */
export const diagnosis: Part = { diagnosis: watching }
/** Option `secret`. 2.1 KB of gzip. */
export const proofs: Part = { proofs: proving }
/** Option `seeds` with something that finds them. 1.2 KB of gzip. */
export const discovery: Part = { discovery: searchSeeds }

/**
 * Starts a client: `createSystem` of `@troupe/core` in role `client`, with the same actors, refs and laws, for pages, where
 * each byte is loaded. Nobody can dial it, it keeps no list of members, and of the rest it has what `parts` name.
 *
 * @returns at once; `seeds` are connected to in the background
 * @throws {UnknownOptionError | InvalidOptionError} for options that are wrong
 * @throws {MissingPartError} for options of a part that is not named
 */
export async function createSystem(options: ClientOptions): Promise<ActorSystem> {
  const { parts = [], role = 'client', ...rest } = options
  if (!Array.isArray(parts)) throw new InvalidOptionError('createSystem', 'parts', 'an array of parts', parts)
  if (role !== 'client') throw new InvalidOptionError('createSystem', 'role', 'client, or left out', role)
  return startSystem({ ...rest, role }, Object.assign({}, LEAST, ...parts), DIALECT)
}
