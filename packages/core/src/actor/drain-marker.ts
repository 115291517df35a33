import { OwnMessage } from './own-message.ts'

/** A drain outlives the incarnation that was told to begin it. */
const ALWAYS = { live: true } as const

/** Queued behind everything sent so far; stops the actor when its turn comes, and is never handled itself. */
export class DrainMarker extends OwnMessage {
  readonly #stop: () => void

  constructor(stop: () => void) {
    super('', ALWAYS)
    this.#stop = stop
  }

  get last(): boolean {
    return true
  }

  override begin(): boolean {
    this.#stop()
    return false
  }
}
