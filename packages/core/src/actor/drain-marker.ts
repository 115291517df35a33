import type { Head, Origin } from './origin.ts'

/** Queued behind everything sent so far; stops the actor when its turn comes, and is never handled itself. */
export class DrainMarker implements Origin {
  readonly #stop: () => void
  message: Head & string = ''
  readonly own = true
  readonly last = true

  constructor(stop: () => void) {
    this.#stop = stop
  }

  begin(): boolean {
    this.#stop()
    return false
  }

  settle(): void {}
  fail(): void {}
  abandoned(): void {}
  undelivered(): boolean {
    return false
  }
  remainingMs(): null {
    return null
  }
}
