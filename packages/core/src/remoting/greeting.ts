import { MalformedFrameError } from '../errors.ts'
import { seal, unseal } from './seal.ts'
import { PROTOCOL_VERSIONS } from './wire.ts'

/** Before anything else where nodes have secrets, one of either side: what the proofs of this link are over. */
export interface Challenge {
  readonly troupe: 'challenge'
  readonly min: number
  readonly max: number
  /** Never used before. */
  readonly nonce: string
}

/** A greeting of a node with a secret: nothing of it is believed, or even decoded, unless the proof fits. */
export interface Proven {
  readonly troupe: 'proven'
  /** The frame that a node without a secret would send. */
  readonly greeting: Uint8Array
  readonly proof: Uint8Array
}

/** Who somebody is that dialled, and what it speaks. The first frame where nodes have no secret. */
export interface Hello {
  readonly troupe: 'hello'
  readonly min: number
  readonly max: number
  /** A bit for each feature it has, see {@link FEATURES}. Absent: none. */
  readonly features?: number
  readonly cluster: string
  readonly name: string
  readonly uid: string
  readonly address: string
  /** There for a client. */
  readonly role?: 'client'
  /** How many links to this peer the dialler knows of: tells a lost link from two dials at once. */
  readonly epoch: number
}

/** The answer that opens the link. */
export interface Welcome {
  readonly troupe: 'welcome'
  readonly version: number
  /** A bit for each feature that both have. Absent: none. */
  readonly features?: number
  readonly name: string
  readonly uid: string
  readonly address: string
  /** There for a client. */
  readonly role?: 'client'
  /** Number of this link between the two, one more than both knew of. */
  readonly epoch: number
}

/** Why a hello was turned down. */
export type RefusalCode =
  /** No common version of the wire protocol. */
  | 'protocol'
  /** Another cluster. */
  | 'cluster'
  /** This run of the dialler counts as down, for good. It has to start anew. */
  | 'quarantined'
  /** There is a link already, or one is just being made the other way. */
  | 'duplicate'
  /** It dialled itself. */
  | 'self'
  /** The node is stopping. */
  | 'stopping'
  /** The other side has not proved that it knows a secret of this cluster, or asks for a proof of one. */
  | 'secret'
  /** So many others were introducing themselves that this one, the first of them, was given up. */
  | 'busy'

/** The answer that ends the link. */
export interface Refusal {
  readonly troupe: 'refusal'
  readonly code: RefusalCode
  readonly message: string
  /** Who refuses: one that is connected already under another address is recognised by it. Empty to strangers. */
  readonly uid: string
  readonly min: number
  readonly max: number
}

export type Greeting = Challenge | Proven | Hello | Welcome | Refusal

/** Takes and sends large payloads in pieces, gives credit for what it has handled, and offers. */
export const FLOW_CONTROL: number = 4

/**
 * What this node can do beyond its version, a bit each, up to 31 of them. A link uses what both sides have; bits that one
 * of them does not know are no fault.
 */
export const FEATURES: number = FLOW_CONTROL

/** No stranger makes a node decode more than this before it has said who it is. */
export const MAX_GREETING_BYTES: number = 64 * 1024

export function encodeGreeting(greeting: Greeting): Uint8Array {
  return seal(greeting, greeting.troupe)
}

/** @throws {MalformedFrameError} for anything else than a greeting */
export function decodeGreeting(frame: Uint8Array): Greeting {
  if (frame.length > MAX_GREETING_BYTES) throw new MalformedFrameError(`a greeting of ${frame.length} bytes`)
  const greeting = unseal(frame, () => {
    throw new MalformedFrameError('a ref in a greeting')
  })
  if (typeof greeting !== 'object' || greeting === null || !('troupe' in greeting))
    throw new MalformedFrameError('no greeting')
  const fields = typeof greeting.troupe === 'string' ? FIELDS.get(greeting.troupe) : undefined
  if (fields === undefined) throw new MalformedFrameError('an unknown greeting')
  for (const [field, check] of fields) {
    if (!check(Reflect.get(greeting, field))) throw new MalformedFrameError(`field "${field}" of a greeting`)
  }
  return greeting as Greeting
}

type Check = (value: unknown) => boolean

const text: Check = (value) => typeof value === 'string'
const identity: Check = (value) => typeof value === 'string' && value !== ''
/** A node says none; nor does one that knows of none. */
const roleOrNone: Check = (value) => value === undefined || value === 'client'
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const bits: Check = (value) => value === undefined || count(value)
const nonce: Check = (value) => typeof value === 'string' && value.length >= 16 && value.length <= 64
const bytes: Check = (value) => value instanceof Uint8Array

const FIELDS: ReadonlyMap<string, readonly (readonly [field: string, check: Check])[]> = new Map([
  [
    'challenge',
    [
      ['min', count],
      ['max', count],
      ['nonce', nonce],
    ],
  ],
  [
    'proven',
    [
      ['greeting', bytes],
      ['proof', bytes],
    ],
  ],
  [
    'hello',
    [
      ['min', count],
      ['max', count],
      ['features', bits],
      ['cluster', text],
      ['name', text],
      ['uid', identity],
      ['address', text],
      ['role', roleOrNone],
      ['epoch', count],
    ],
  ],
  [
    'welcome',
    [
      ['version', count],
      ['features', bits],
      ['name', text],
      ['uid', identity],
      ['address', text],
      ['role', roleOrNone],
      ['epoch', count],
    ],
  ],
  [
    // Any version must understand this one: the other fields are for those that share a version.
    'refusal',
    [
      ['code', text],
      ['message', text],
      ['min', count],
      ['max', count],
    ],
  ],
])

/** The version two nodes will speak: the highest both know. @returns null when there is none */
export function commonVersion(theirs: { readonly min: number; readonly max: number }): number | null {
  const version = Math.min(PROTOCOL_VERSIONS.max, theirs.max)
  return version >= Math.max(PROTOCOL_VERSIONS.min, theirs.min) ? version : null
}

/** The features both sides have. */
export function commonFeatures(theirs: { readonly features?: number }, ours: number = FEATURES): number {
  return (theirs.features ?? 0) & ours
}

/** `1`, or `1 to 3`. */
export function versionRange({ min, max }: { readonly min: number; readonly max: number }): string {
  return min === max ? String(min) : `${min} to ${max}`
}

export function refusal(uid: string, code: RefusalCode, message: string): Refusal {
  return { troupe: 'refusal', code, message, uid, ...PROTOCOL_VERSIONS }
}

export function challenge(nonce: string): Challenge {
  return { troupe: 'challenge', ...PROTOCOL_VERSIONS, nonce }
}
