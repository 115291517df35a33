import type { Cbor } from '../codec/cbor.ts'
import { MalformedFrameError } from '../errors.ts'
import type { VersionRange } from './dialect.ts'
import { seal, unseal } from './seal.ts'

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
  /** A bit for each `Feature` it has. Absent: none. */
  readonly features?: number
  /** The largest message it takes, in bytes. Absent: what the other side takes. */
  readonly messageBytes?: number
  /** The largest frame, likewise. */
  readonly frameBytes?: number
  readonly cluster: string
  readonly name: string
  readonly uid: string
  readonly address: string
  /** There for a client. */
  readonly role?: 'client'
  /** There for a member: what all members have to agree on, as a text. */
  readonly rules?: string
  /** How many links to this peer the dialler knows of: tells a lost link from two dials at once. */
  readonly epoch: number
}

/** The answer that opens the link. */
export interface Welcome {
  readonly troupe: 'welcome'
  readonly version: number
  /** A bit for each feature that both have. Absent: none. */
  readonly features?: number
  /** As in a hello. */
  readonly messageBytes?: number
  readonly frameBytes?: number
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
  /** A member by other rules. */
  | 'membership'
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

/** No stranger makes a node decode more than this before it has said who it is. */
export const MAX_GREETING_BYTES: number = 64 * 1024

/** No node may say that it takes less. */
const LEAST_LIMIT_BYTES = 256 * 1024

export function encodeGreeting(cbor: Cbor, greeting: Greeting): Uint8Array {
  return seal(cbor, greeting, greeting.troupe)
}

/** @throws {MalformedFrameError} for anything else than a greeting */
export function decodeGreeting(cbor: Cbor, frame: Uint8Array): Greeting {
  if (frame.length > MAX_GREETING_BYTES) throw new MalformedFrameError(`a greeting of ${frame.length} bytes`)
  const greeting = unseal(cbor, frame, () => {
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
/** A refusal repeats it. */
const rulesOrNone: Check = (value) => value === undefined || (typeof value === 'string' && value.length <= 1_024)
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const bits: Check = (value) => value === undefined || count(value)
/** So much anybody takes: else nothing could be said to it at all. */
const limit: Check = (value) => value === undefined || (count(value) && (value as number) >= LEAST_LIMIT_BYTES)
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
      ['messageBytes', limit],
      ['frameBytes', limit],
      ['cluster', text],
      ['name', text],
      ['uid', identity],
      ['address', text],
      ['role', roleOrNone],
      ['rules', rulesOrNone],
      ['epoch', count],
    ],
  ],
  [
    'welcome',
    [
      ['version', count],
      ['features', bits],
      ['messageBytes', limit],
      ['frameBytes', limit],
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

/** @param versions that who refuses speaks */
export function refusal(uid: string, code: RefusalCode, message: string, { min, max }: VersionRange): Refusal {
  return { troupe: 'refusal', code, message, uid, min, max }
}

/** A greeting has come where another was due. */
export function misplaced({ troupe }: Greeting, due: string): MalformedFrameError {
  return new MalformedFrameError(`a ${troupe} where ${due} was due`)
}

export function challenge(nonce: string, { min, max }: VersionRange): Challenge {
  return { troupe: 'challenge', min, max, nonce }
}
