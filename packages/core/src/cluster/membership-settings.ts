import { checkOptions, given, is } from '../options.ts'
import { keepMajority } from './keep-majority.ts'
import type { SplitBrainStrategy } from './split-brain.ts'

/** How a node takes part in the membership of its cluster. All have defaults. */
export interface MembershipOptions {
  /** What this node is for, in your words; other nodes see it. Default none. */
  readonly roles?: readonly string[]
  /** Which release of your program runs here; other nodes see it. Default an empty text. */
  readonly appVersion?: string
  /** How often this node probes another one, in ms. Default 800: each is probed as often by one of the others, however many there are. */
  readonly probePeriodMs?: number
  /** How long an answer may take before others are asked to probe, in ms, less than the period. Default half of it. */
  readonly probeTimeoutMs?: number
  /** How many others are asked. Default 2. */
  readonly indirectProbes?: number
  /** How long a suspected member has to contradict, in periods; times the log of the members above eight. Default 1. */
  readonly suspicionPeriods?: number
  /** How long the view must have been the same before the split-brain strategy decides, in ms. Default 5,000. */
  readonly stableAfterMs?: number
  /** How long those that are down are listed, in ms. Default 60,000. */
  readonly removeAfterMs?: number
  /** How often a node compares all it knows with another one, in ms. Default 10,000. */
  readonly syncPeriodMs?: number
  /** How many nodes have to be there before the first one is up: a majority of them, if you know how many. Default 1. */
  readonly minMembers?: number
  /** How long a node with seeds waits for one of them before it begins a cluster of its own, in ms. Default 5,000. */
  readonly aloneAfterMs?: number
  /**
   * Where seeds are looked up: how long the same ones must have been found before the first of them begins a cluster, in
   * ms. Longer than what one node finds may be unknown to another one, or two begin one each. Default 5,000.
   */
  readonly foundAfterMs?: number
  /** Which side of a split goes on. Default {@link keepMajority}. */
  readonly splitBrain?: SplitBrainStrategy
}

/** The options with every default filled in. */
export type MembershipSettings = Required<MembershipOptions>

/** @throws {UnknownOptionError | InvalidOptionError} */
export function checkMembershipOptions(options: MembershipOptions | true): MembershipSettings {
  const chosen = options === true ? {} : options
  checkOptions('membership', chosen, {
    roles: (value) =>
      Array.isArray(value) && value.length <= 64 && value.every((role) => is.string(role) === null)
        ? null
        : 'an array of up to 64 non-empty strings',
    appVersion: (value) => (typeof value === 'string' ? null : 'a string'),
    probePeriodMs: is.number(10),
    probeTimeoutMs: is.number(1, (chosen.probePeriodMs ?? DEFAULT_PERIOD_MS) - 1),
    indirectProbes: is.integer(0),
    suspicionPeriods: is.number(1),
    stableAfterMs: is.number(0),
    removeAfterMs: is.number(0),
    syncPeriodMs: is.number(10),
    minMembers: is.integer(1),
    aloneAfterMs: is.number(0),
    foundAfterMs: is.number(0),
    splitBrain: is.objectWith('a split-brain strategy', 'decide'),
  })
  const probePeriodMs = chosen.probePeriodMs ?? DEFAULT_PERIOD_MS
  return {
    roles: [],
    appVersion: '',
    probeTimeoutMs: Math.floor(probePeriodMs / 2),
    indirectProbes: 2,
    suspicionPeriods: 1,
    stableAfterMs: 5_000,
    removeAfterMs: 60_000,
    syncPeriodMs: 10_000,
    minMembers: 1,
    aloneAfterMs: 5_000,
    foundAfterMs: 5_000,
    splitBrain: keepMajority(),
    ...given(chosen),
    probePeriodMs,
  }
}

/** What nodes must not differ in, or the sides of a split come to decisions that do not fit: said when they meet. */
export function membershipRules({ splitBrain, ...settings }: MembershipSettings): string {
  const { stableAfterMs, removeAfterMs, probePeriodMs, probeTimeoutMs, suspicionPeriods, minMembers } = settings
  const times = { stableAfterMs, removeAfterMs, probePeriodMs, probeTimeoutMs, suspicionPeriods, minMembers }
  const told = Object.entries(times).map(([name, value]) => `${name} ${value}`)
  return [`splitBrain ${splitBrain.name} ${splitBrain.terms ?? ''}`.trim(), ...told].join(', ').slice(0, 1_024)
}

const DEFAULT_PERIOD_MS = 800
