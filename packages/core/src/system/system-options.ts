import { InvalidOptionError } from '../errors.ts'
import { checkOptions, given, is } from '../options.ts'
import { realRuntime } from '../runtime/real.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Transport } from '../transport/transport.ts'
import type { LogSink } from './logger.ts'

/** Options of {@link createSystem}. Only `name` is needed. */
export interface SystemOptions {
  /** For people: in logs, events and refusals. Need not be unique. */
  readonly name: string
  /** How other nodes are reached. Without one the system stands alone. */
  readonly transport?: Transport
  /** Nodes of different clusters refuse each other. Default `default`. */
  readonly cluster?: string
  /** Addresses to connect to, in the background, until each answers. Default none. */
  readonly seeds?: readonly string[]
  /** Where time, chance and ids come from. Default: the host. */
  readonly runtime?: Runtime
  /** Where log lines go. Default: warnings and errors to standard error. `false`: nowhere. */
  readonly log?: LogSink | false
  /** Look for actors that wait for one another (event `ask-cycle`): a few ns per ask made by a handler. Default true. */
  readonly diagnostics?: boolean
  /** How long an ask waits for its answer, in ms. Default 5,000: longer than any pause a healthy node makes. */
  readonly askTimeoutMs?: number
  /** How long an actor may take to stop in order, in ms. Default 5,000; the whole system gets five times that. */
  readonly stopTimeoutMs?: number
  /** How long a connection may be lost before its node counts as down, in ms. Default 10,000. */
  readonly disconnectGraceMs?: number
  /** How often a silent connection is tried, in ms; after four silent periods it counts as lost. Default 1,000. */
  readonly heartbeatMs?: number
  /** How long two nodes may take to introduce themselves, in ms. Default 5,000. */
  readonly handshakeTimeoutMs?: number
  /** First wait between attempts to connect again, in ms; doubled up to 10,000, with jitter. Default 100. */
  readonly reconnectMinMs?: number
}

/** The options with every default filled in. */
export type Settings = Required<Omit<SystemOptions, 'transport' | 'log'>> & Pick<SystemOptions, 'transport' | 'log'>

/** @throws {UnknownOptionError | InvalidOptionError} */
export function checkSystemOptions(options: SystemOptions): Settings {
  const name: unknown = options?.name
  if (name === undefined) throw new InvalidOptionError('createSystem', 'name', 'given: a non-empty string', name)
  checkOptions('createSystem', options, {
    name: is.string,
    transport: is.object,
    cluster: is.string,
    seeds: is.array,
    runtime: is.object,
    log: (value) => (value === false ? null : is.function(value)),
    diagnostics: is.boolean,
    askTimeoutMs: is.number(1),
    stopTimeoutMs: is.number(0),
    disconnectGraceMs: is.number(0),
    heartbeatMs: is.number(1),
    handshakeTimeoutMs: is.number(1),
    reconnectMinMs: is.number(1),
  })
  return {
    cluster: 'default',
    seeds: [],
    runtime: options.runtime ?? realRuntime(),
    diagnostics: true,
    askTimeoutMs: 5_000,
    stopTimeoutMs: 5_000,
    disconnectGraceMs: 10_000,
    heartbeatMs: 1_000,
    handshakeTimeoutMs: 5_000,
    reconnectMinMs: 100,
    ...given(options),
    name: options.name,
  }
}
