import { MAX_MESSAGE_BYTES, PROTOCOL_VERSIONS } from './wire.ts'

/**
 * What a node may be able to do beyond its version, a bit each, up to 31 of them. A link uses what both sides have. A bit
 * is never used again for something else.
 */
export const Feature = {
  /** The system's own messages are numbered, acknowledged, and sent again over the next link. */
  sequencing: 1,
  /** A large message comes in pieces, between which others come; so much is sent as has been handled; there are offers. */
  flowControl: 4,
} as const
export type Feature = (typeof Feature)[keyof typeof Feature]

/** Versions of the protocol, both ends included. */
export interface VersionRange {
  readonly min: number
  readonly max: number
}

/** The most that a node takes, in bytes. */
export interface WireLimits {
  /** One message, encoded. */
  readonly messageBytes: number
  /** One frame, with all the messages in it. */
  readonly frameBytes: number
}

/** What a node speaks, and says of it when it introduces itself. */
export interface Dialect extends WireLimits {
  readonly versions: VersionRange
  /** A bit for each {@link Feature} that it has. */
  readonly features: number
}

/** Beside one message of any size a frame holds less than this, in bytes: a batch is cut when it has grown to half of it. */
const BESIDE_BYTES = 128 * 1024

/** What nodes of this version speak. */
export const DIALECT: Dialect = {
  versions: PROTOCOL_VERSIONS,
  features: Feature.sequencing | Feature.flowControl,
  messageBytes: MAX_MESSAGE_BYTES,
  frameBytes: MAX_MESSAGE_BYTES + BESIDE_BYTES,
}

/** The version two nodes will speak: the highest both know. @returns null when there is none */
export function commonVersion(theirs: VersionRange, ours: VersionRange): number | null {
  const version = Math.min(ours.max, theirs.max)
  return version >= Math.max(ours.min, theirs.min) ? version : null
}

/** The features both sides have. Bits that one of them does not know are no fault. */
export function commonFeatures(theirs: { readonly features?: number }, ours: number): number {
  return (theirs.features ?? 0) & ours
}

/** What both sides take. One that has said nothing of it takes what this one does. */
export function commonLimits(theirs: Partial<WireLimits>, ours: WireLimits): WireLimits {
  return {
    messageBytes: Math.min(ours.messageBytes, theirs.messageBytes ?? ours.messageBytes),
    frameBytes: Math.min(ours.frameBytes, theirs.frameBytes ?? ours.frameBytes),
  }
}

/** The largest message that may be sent: where it does not go in pieces, it shares its frame with others. */
export function largestMessage({ messageBytes, frameBytes, features }: WireLimits & { features: number }): number {
  const inPieces = (features & Feature.flowControl) !== 0 && frameBytes >= 2 * BESIDE_BYTES
  return inPieces ? messageBytes : Math.min(messageBytes, frameBytes - BESIDE_BYTES)
}

/** `1`, or `1 to 3`. */
export function versionRange({ min, max }: VersionRange): string {
  return min === max ? String(min) : `${min} to ${max}`
}
