import type { Outcome, Repro, ShrinkProgress, Traits, Violation } from '@troupe/testkit'

/** What a worker is told to do: one thing at a time, but for `stop`. */
export type Task =
  | { readonly task: 'seed'; readonly index: number; readonly seed: number | string; readonly mode: 'fifo' | 'explore' }
  | {
      readonly task: 'shrink'
      readonly seed: number | string
      readonly mode: 'fifo' | 'explore'
      readonly violation: Violation
      readonly budgetMs: number
    }
  | { readonly task: 'replay'; readonly repro: Repro }
  /** Ends a shrink that is under way with the best so far. */
  | { readonly task: 'stop' }

/** What a worker says. */
export type Report =
  | { readonly report: 'ready'; readonly traits: Traits }
  | { readonly report: 'seed'; readonly outcome: Outcome }
  | { readonly report: 'progress'; readonly progress: ShrinkProgress }
  | { readonly report: 'told'; readonly told: Told }
  /** The task, or the start, has failed. */
  | { readonly report: 'failed'; readonly message: string }

/** A run for people. */
export interface Told extends Outcome {
  readonly repro: Repro
  readonly hash: string
  readonly timeline: string
  /** The pages that go beside `repro.json`. */
  readonly html: string
  readonly history: string
}
