import { decode, encode } from '../codec/cbor.ts'
import { MalformedFrameError } from '../errors.ts'
import { PROTOCOL_VERSIONS } from './wire.ts'

/** The first frame of whoever dialled: who it is and what it speaks. */
export interface Hello {
  readonly troupe: 'hello'
  readonly min: number
  readonly max: number
  readonly cluster: string
  readonly name: string
  readonly uid: string
  readonly address: string
  /** How many links to this peer the dialler knows of: tells a lost link from two dials at once. */
  readonly epoch: number
}

/** The answer that opens the link. */
export interface Welcome {
  readonly troupe: 'welcome'
  readonly version: number
  readonly name: string
  readonly uid: string
  readonly address: string
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

/** The answer that ends the link. */
export interface Refusal {
  readonly troupe: 'refusal'
  readonly code: RefusalCode
  readonly message: string
  readonly min: number
  readonly max: number
}

export type Greeting = Hello | Welcome | Refusal

export function encodeGreeting(greeting: Greeting): Uint8Array {
  return encode(greeting, greeting.troupe)
}

/** @throws {MalformedFrameError} for anything else than a greeting */
export function decodeGreeting(frame: Uint8Array): Greeting {
  const greeting = decode(frame, () => {
    throw new MalformedFrameError('a ref in a greeting')
  })
  if (typeof greeting !== 'object' || greeting === null || !('troupe' in greeting))
    throw new MalformedFrameError('no greeting')
  const shape = SHAPES[String(greeting.troupe)]
  if (shape === undefined) throw new MalformedFrameError('an unknown greeting')
  for (const [field, type] of Object.entries(shape)) {
    if (typeof Reflect.get(greeting, field) !== type) throw new MalformedFrameError(`field "${field}" of a greeting`)
  }
  return greeting as Greeting
}

const SHAPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  hello: {
    min: 'number',
    max: 'number',
    cluster: 'string',
    name: 'string',
    uid: 'string',
    address: 'string',
    epoch: 'number',
  },
  welcome: { version: 'number', name: 'string', uid: 'string', address: 'string', epoch: 'number' },
  refusal: { code: 'string', message: 'string', min: 'number', max: 'number' },
}

/** The version two nodes will speak: the highest both know. @returns null when there is none */
export function commonVersion(theirs: { readonly min: number; readonly max: number }): number | null {
  const version = Math.min(PROTOCOL_VERSIONS.max, theirs.max)
  return version >= Math.max(PROTOCOL_VERSIONS.min, theirs.min) ? version : null
}

/** `1`, or `1 to 3`. */
export function versionRange({ min, max }: { readonly min: number; readonly max: number }): string {
  return min === max ? String(min) : `${min} to ${max}`
}

export function refusal(code: RefusalCode, message: string): Refusal {
  return { troupe: 'refusal', code, message, ...PROTOCOL_VERSIONS }
}
