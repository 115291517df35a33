import type { Cell } from '../actor/cell.ts'
import type { CellEvent, MessageHooks, PendingHandlers } from '../actor/cell-host.ts'
import type { WaitGraph } from '../actor/wait-graph.ts'
import type { Cbor } from '../codec/cbor.ts'
import type { Dispatcher } from '../dispatch/dispatcher.ts'
import type { Acceptor, AcceptorHost } from '../remoting/acceptor.ts'
import type { VersionRange } from '../remoting/dialect.ts'
import type { Guard } from '../remoting/guard.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Ids } from '../runtime/ids.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Inspector } from './inspector.ts'
import type { Reports } from './reports.ts'
import type { Settings } from './system-options.ts'

/** Watches what handlers wait for. */
export interface Diagnosis {
  waits(dispatcher: Dispatcher, report: (event: CellEvent) => void): WaitGraph
  pendingHandlers(
    limitMs: number,
    runtime: Runtime,
    report: (event: CellEvent) => void,
  ): PendingHandlers & { close(): void }
}

/** Looks at every message. */
export type Interception = (
  settings: Settings,
  dispatcher: Dispatcher,
  clock: Clock,
  reports: Reports,
  cbor: Cbor,
) => MessageHooks | null

/** Has links prove a secret. */
export interface Proofs {
  /** @throws {InvalidOptionError} which does not show them */
  secretsOf(option: unknown): readonly Uint8Array[]
  /** @param secrets one at least */
  guard(secrets: readonly Uint8Array[], ids: Ids, versions: VersionRange, cbor: Cbor): Guard
}

/**
 * What a system is made of besides what all have. A part that is null is not there, and not loaded: nothing else
 * imports it.
 */
export interface Parts {
  /** Where time, chance and ids come from unless options say so. */
  readonly runtime: () => Runtime
  readonly codec: () => Cbor
  readonly diagnosis: Diagnosis | null
  readonly interception: Interception | null
  readonly inspection: ((root: Cell, clock: Clock) => Inspector) | null
  readonly proofs: Proofs | null
  /** Takes links that others dial. */
  readonly acceptor: ((host: AcceptorHost) => Acceptor) | null
}
