/** How often, and after what wait, a failed actor is restarted. */
export interface RestartTwinOptions {
  readonly maxRestarts: number
  readonly withinMs: number
  readonly minMs: number
  readonly maxMs: number
  readonly factor: number
}

/** What docs/semantics.md says of the restarts of one actor, or of one cohort, without jitter. */
export class RestartTwin {
  readonly #options: RestartTwinOptions
  readonly #restartsMs: number[] = []
  readonly #failuresMs: number[] = []

  constructor(options: RestartTwinOptions) {
    this.#options = options
  }

  /** What is to be done about a failure now. */
  failed(nowMs: number): { readonly directive: 'restart' | 'stop'; readonly delayMs: number } {
    const { maxRestarts, withinMs, minMs, maxMs, factor } = this.#options
    const recent = this.#restartsMs.filter((atMs) => atMs > nowMs - withinMs)
    if (recent.length >= maxRestarts) return { directive: 'stop', delayMs: 0 }
    this.#restartsMs.push(nowMs)
    this.#failuresMs.push(nowMs)
    return { directive: 'restart', delayMs: Math.min(maxMs, minMs * factor ** this.#streak((minMs + maxMs) / 2)) }
  }

  /** How many failures before the last one followed upon one another, none after a quiet time of more than `quietMs`. */
  #streak(quietMs: number): number {
    const failures = this.#failuresMs
    let streak = 0
    for (let i = failures.length - 1; i > 0 && failures[i]! - failures[i - 1]! <= quietMs; i--) streak++
    return streak
  }
}
