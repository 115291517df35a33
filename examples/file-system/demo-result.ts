import type { CopyCount } from './cluster-view.ts'

/** What happened, for the table. Times in ms. */
export interface DemoResult {
  readonly nodes: number
  readonly files: number
  readonly bytes: number
  readonly beforeKill: CopyCount
  readonly afterKill: CopyCount
  readonly afterHealing: CopyCount
  readonly healed: number
  readonly verified: number
  readonly lost: readonly string[]
  readonly rangeIsRight: boolean
  readonly storeMs: number
  readonly healMs: number
  readonly verifyMs: number
  readonly victim: string
  readonly killedAtBytes: number
  /** Copies that went to another node than they would have, because that one was dead. */
  readonly retries: number
}
