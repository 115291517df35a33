import type { Discovery } from '../cluster/discovery.ts'
import type { MembershipOptions, MembershipSettings } from '../cluster/membership-settings.ts'
import { InvalidOptionError, MissingPartError } from '../errors.ts'
import { checkOptions, given, is, type OptionCheck } from '../options.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Transport } from '../transport/transport.ts'
import type { Interceptor } from './interceptor.ts'
import type { LogSink } from './logger.ts'
import type { MessagePassing } from './message-guard.ts'

/** Options of {@link createSystem}. Only `name` is needed. */
export interface SystemOptions {
  /** For people: in logs, events and refusals. Need not be unique. */
  readonly name: string
  /** How other nodes are reached. Without one the system stands alone. */
  readonly transport?: Transport
  /** Nodes of different clusters refuse each other. Default `default`. */
  readonly cluster?: string
  /**
   * What the nodes of a cluster know and nobody else does: text or bytes, 16 bytes at least, best drawn by chance. Before
   * a node believes anything another one says, both prove that they know it; without one, whoever can dial is believed.
   * Several are for changing it node by node: the first is what this node proves when it dials, each is taken of others.
   * It keeps strangers out and encrypts nothing. Default none.
   */
  readonly secret?: string | Uint8Array | readonly (string | Uint8Array)[]
  /**
   * What this one is to others. A `client`, a browser tab say, reaches on them what they `expose` and what it is handed
   * in messages, and nothing else; it can host actors, but what it registers is found by itself only. Whoever dials
   * says so of itself: it protects from mistakes, and from strangers only where nodes prove who they are. Default
   * `node`.
   */
  readonly role?: 'node' | 'client'
  /** Protocols whose registered actors clients can find. Default none. */
  readonly expose?: readonly { readonly id: string }[]
  /**
   * Addresses to connect to, in the background, until each answers; or what finds them, again and again: `staticSeeds`,
   * `memorySeeds`, those of `@troupe/core/node-cluster`, or one of yours. Of those found the lowest address begins the
   * cluster, where there is `membership`. Default none.
   */
  readonly seeds?: readonly string[] | Discovery
  /**
   * How often seeds are looked up while this node has nobody, in ms; a tenth as often once it is up or, without `membership`,
   * connected. Default 1,000.
   */
  readonly lookupPeriodMs?: number
  /**
   * Keep a list of all nodes that can be reached from the seeds, and let those that many miss count as down, rather
   * than each that this node alone has lost. All nodes of a cluster alike. Default false.
   */
  readonly membership?: boolean | MembershipOptions
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
  /**
   * The same for a client, in ms: tabs in the background are late, and those of a phone asleep. Default 60,000.
   */
  readonly clientGraceMs?: number
  /** How often a silent connection is tried, in ms; after four silent periods it counts as lost. Default 1,000. */
  readonly heartbeatMs?: number
  /** How long two nodes may take to introduce themselves, in ms. Default 5,000. */
  readonly handshakeTimeoutMs?: number
  /**
   * How many links may have been accepted whose other side has not introduced itself yet. One more, and the oldest of
   * them is given up: who means it is faster. Default 256.
   */
  readonly maxPendingHandshakes?: number
  /** First wait between attempts to connect again, in ms; doubled up to 10,000, with jitter. Default 100. */
  readonly reconnectMinMs?: number
  /**
   * What happens to payloads and answers between actors of this node. `frozen`, for development, freezes them;
   * `encoded`, for tests, takes them through CBOR, so that what passes here passes between nodes. What an actor
   * sends itself by its context (timers, notices, results of pipes) is let through. Default `by-reference`.
   */
  readonly messages?: MessagePassing
  /** What watches the messages of this node, in this order. Default none: then it costs nothing. */
  readonly interceptors?: readonly Interceptor[]
  /** How long a turn may hold up the process before it is reported as `slow-turn`, in ms. Default 50. */
  readonly slowTurnMs?: number
  /** How long a handler's promise may be pending before it is reported as `stuck-handler`, in ms. Default 20,000. */
  readonly stuckHandlerMs?: number
  /** How long a phase of the stop may take besides its actors, in ms. Default 5,000. */
  readonly stopPhaseTimeoutMs?: number
  /**
   * Stops the system at SIGTERM and SIGINT, or at the signals given, and then ends the process: with status 0 when
   * all ended in order, with 1 when anything had to be killed or passed over, or at once at a second signal. With
   * several such systems in a process, once all have stopped. Default false.
   */
  readonly stopOnSignals?: boolean | readonly string[]
}

/** The options with every default filled in. */
export type Settings = Required<
  Omit<SystemOptions, 'transport' | 'log' | 'secret' | 'stopOnSignals' | 'membership' | 'seeds'>
> &
  Pick<SystemOptions, 'transport' | 'log'> & {
    /** Those that were listed. */
    readonly seeds: readonly string[]
    /** What finds them, if they were not. */
    readonly discovery: Discovery | null
    readonly secrets: readonly Uint8Array[]
    readonly stopOnSignals: readonly string[]
    readonly membership: MembershipSettings | null
  }

/** What a supervisor of processes sends, and Ctrl-C. */
const STOP_SIGNALS: readonly string[] = ['SIGTERM', 'SIGINT']

function seedsOrDiscovery(value: unknown): string | null {
  if (Array.isArray(value) && value.every((seed) => typeof seed === 'string' && seed !== '')) return null
  const discovery = is.objectWith('what finds them', 'lookup')(value)
  if (discovery === null) return null
  return `an array of addresses, none empty, or ${discovery}: a node without a port to listen on has none`
}

/** The parts of a system that options turn on, or stand in for. */
export interface OptionalParts {
  runtime(): Runtime
  readonly interception: object | null
  readonly proofs: { secretsOf(option: unknown): readonly Uint8Array[] } | null
  readonly membership: { settingsOf(options: true | MembershipOptions): MembershipSettings } | null
}

/** @throws {UnknownOptionError | InvalidOptionError | MissingPartError} */
export function checkSystemOptions(options: SystemOptions, parts: OptionalParts): Settings {
  const name: unknown = options?.name
  if (name === undefined) throw new InvalidOptionError('createSystem', 'name', 'given: a non-empty string', name)
  checkOptions('createSystem', options, {
    name: is.string,
    transport: is.objectWith('a transport', 'listen', 'dial', 'close'),
    cluster: is.string,
    // Not here: the message would show it.
    secret: is.anything,
    role: is.oneOf('node', 'client'),
    expose: listOf('protocols', (value) =>
      typeof (value as { id?: unknown } | null)?.id === 'string' ? null : 'a protocol',
    ),
    seeds: seedsOrDiscovery,
    lookupPeriodMs: is.number(1),
    membership: (value) => (typeof value === 'boolean' || is.object(value) === null ? null : 'true, false or options'),
    runtime: is.object,
    log: (value) => (value === false ? null : is.function(value)),
    diagnostics: is.boolean,
    askTimeoutMs: is.number(1),
    stopTimeoutMs: is.number(0),
    disconnectGraceMs: is.number(0),
    clientGraceMs: is.number(0),
    heartbeatMs: is.number(1),
    handshakeTimeoutMs: is.number(1),
    maxPendingHandshakes: is.integer(1),
    reconnectMinMs: is.number(1),
    messages: is.oneOf('by-reference', 'frozen', 'encoded'),
    interceptors: listOf('interceptors', is.object),
    slowTurnMs: is.number(1, Number.POSITIVE_INFINITY),
    stuckHandlerMs: is.number(1, Number.POSITIVE_INFINITY),
    stopPhaseTimeoutMs: is.number(0),
    stopOnSignals: (value) => (typeof value === 'boolean' ? null : listOf('names of signals', is.string)(value)),
  })
  const runtime = options.runtime ?? parts.runtime()
  const { stopOnSignals = false, membership = false } = options
  if (stopOnSignals !== false && runtime.signals === undefined) {
    const where = 'used where a process gets signals: in Node, not in a browser'
    throw new InvalidOptionError('createSystem', 'stopOnSignals', where, stopOnSignals)
  }
  if (options.role === 'client' && membership !== false) {
    throw new InvalidOptionError('createSystem', 'membership', 'left out by a client, which is no member', membership)
  }
  const { secret, seeds = [], ...rest } = options
  const { interception, proofs, membership: members } = parts
  const { messages = 'by-reference', interceptors = [] } = options
  if (interception === null && (messages !== 'by-reference' || interceptors.length > 0))
    throw new MissingPartError('createSystem: messages, interceptors', 'interception')
  if (proofs === null && secret !== undefined) throw new MissingPartError('createSystem: secret', 'proofs')
  if (members === null && membership !== false) throw new MissingPartError('createSystem: membership', 'membership')
  return {
    cluster: 'default',
    role: 'node',
    expose: [],
    lookupPeriodMs: 1_000,
    diagnostics: true,
    askTimeoutMs: 5_000,
    stopTimeoutMs: 5_000,
    disconnectGraceMs: 10_000,
    clientGraceMs: 60_000,
    heartbeatMs: 1_000,
    handshakeTimeoutMs: 5_000,
    maxPendingHandshakes: 256,
    reconnectMinMs: 100,
    messages: 'by-reference',
    interceptors: [],
    slowTurnMs: 50,
    stuckHandlerMs: 20_000,
    stopPhaseTimeoutMs: 5_000,
    ...given(rest),
    seeds: 'lookup' in seeds ? [] : seeds,
    discovery: 'lookup' in seeds ? seeds : null,
    secrets: proofs?.secretsOf(secret) ?? [],
    name: options.name,
    runtime,
    membership: membership === false ? null : (members?.settingsOf(membership) ?? null),
    stopOnSignals: stopOnSignals === true ? STOP_SIGNALS : stopOnSignals === false ? [] : stopOnSignals,
  }
}

function listOf(what: string, check: OptionCheck): OptionCheck {
  return (value) => (Array.isArray(value) && value.every((item) => check(item) === null) ? null : `an array of ${what}`)
}
