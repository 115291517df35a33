import { checkOptions, InvalidOptionError, is, requireOptions } from '@troupe/core'

/** How the links of one direction behave. Chances are per frame, in millionths. */
export interface LinkModel {
  /**
   * `ordered`, like a WebSocket: in order, and nothing is lost but by the end of the connection. `datagram`: each frame
   * travels on its own, may be lost or come twice, and overtakes others; this is less than core's `Link` promises, so
   * systems do not work over it. Default: `ordered`.
   */
  readonly kind?: 'ordered' | 'datagram'
  /** No frame is faster. Default: 0.5. */
  readonly minLatencyMs?: number
  /** What exceeds the least latency is exponential. Default: `minLatencyMs` and 1.5. */
  readonly meanLatencyMs?: number
  /** One frame in `oneIn` takes up to `maxMs` longer. Default: none does. */
  readonly longTail?: { readonly oneIn: number; readonly maxMs: number }
  /** A frame is lost; `datagram` only. Default: 0. */
  readonly lossPerMillion?: number
  /** A frame comes twice; `datagram` only. Default: 0. */
  readonly duplicatePerMillion?: number
  /** Bits of a frame are flipped on its way. Default: 0. */
  readonly corruptPerMillion?: number
  /** The connection breaks at a frame, which is lost with all that is on its way; `ordered` only. Default: 0. */
  readonly resetPerMillion?: number
  /** Bytes on their way on one link above which `send` answers false. Default: 1 MiB. */
  readonly capacityBytes?: number
  /** What a link carries; frames wait for those before them. Default: any amount. */
  readonly bytesPerSecond?: number
  /** What a dial takes on average beyond a round trip; exponential. Default: 0. */
  readonly reconnectMs?: number
  /** A dial that nothing answers fails after this. Default: 5,000. */
  readonly dialTimeoutMs?: number
  /** What it takes on average, beyond a latency, until a side knows that its connection is broken. Default: 100. */
  readonly detectMs?: number
  /** What a frame of a clogged direction takes on average beyond its latency; exponential. Default: 1,000. */
  readonly clogMs?: number
}

/** A model with all its values, times in whole microseconds; 0 stands for none. */
export interface Conditions {
  readonly isDatagram: boolean
  readonly minUs: number
  /** Mean of what exceeds `minUs`. */
  readonly spreadUs: number
  readonly tailOneIn: number
  readonly tailMaxUs: number
  readonly lossPerMillion: number
  readonly duplicatePerMillion: number
  readonly corruptPerMillion: number
  readonly resetPerMillion: number
  readonly capacityBytes: number
  readonly bytesPerSecond: number
  readonly reconnectUs: number
  readonly dialTimeoutMs: number
  readonly detectUs: number
  readonly clogUs: number
}

/** @throws {UnknownOptionError | InvalidOptionError} */
export function conditionsOf(model: LinkModel = {}): Conditions {
  check(model)
  const { minLatencyMs = 0.5, longTail } = model
  const { meanLatencyMs = minLatencyMs + 1.5 } = model
  if (meanLatencyMs < minLatencyMs) {
    throw new InvalidOptionError(WHERE, 'meanLatencyMs', `at least minLatencyMs (${minLatencyMs})`, meanLatencyMs)
  }
  return {
    isDatagram: model.kind === 'datagram',
    minUs: toUs(minLatencyMs),
    spreadUs: toUs(meanLatencyMs) - toUs(minLatencyMs),
    tailOneIn: longTail?.oneIn ?? 0,
    tailMaxUs: toUs(longTail?.maxMs ?? 0),
    lossPerMillion: model.lossPerMillion ?? 0,
    duplicatePerMillion: model.duplicatePerMillion ?? 0,
    corruptPerMillion: model.corruptPerMillion ?? 0,
    resetPerMillion: model.resetPerMillion ?? 0,
    capacityBytes: model.capacityBytes ?? 1024 * 1024,
    bytesPerSecond: model.bytesPerSecond ?? 0,
    reconnectUs: toUs(model.reconnectMs ?? 0),
    dialTimeoutMs: model.dialTimeoutMs ?? 5_000,
    detectUs: toUs(model.detectMs ?? 100),
    clogUs: toUs(model.clogMs ?? 1_000),
  }
}

/** Milliseconds as whole microseconds. */
export function toUs(ms: number): number {
  return Math.round(ms * 1_000)
}

const WHERE = 'link model'

function check(model: LinkModel): void {
  const duration = is.number(0, LONGEST_MS)
  const chance = is.integer(0, 1_000_000)
  checkOptions(WHERE, model, {
    kind: is.oneOf('ordered', 'datagram'),
    minLatencyMs: duration,
    meanLatencyMs: duration,
    longTail: is.object,
    lossPerMillion: chance,
    duplicatePerMillion: chance,
    corruptPerMillion: chance,
    resetPerMillion: chance,
    capacityBytes: is.integer(1),
    bytesPerSecond: is.integer(1),
    reconnectMs: duration,
    dialTimeoutMs: duration,
    detectMs: duration,
    clogMs: duration,
  })
  if (model.longTail === undefined) return
  requireOptions('longTail of a link model', model.longTail, { oneIn: is.integer(1, 1_000_000), maxMs: duration })
}

/** An hour: beyond all that waits for a network, and far below where integers end. */
const LONGEST_MS = 3_600_000
