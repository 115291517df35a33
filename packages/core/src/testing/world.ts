import type { ExecutionContext } from 'ava'
import { actor } from '../actor/actor.ts'
import type { AnyRef } from '../actor/any-ref.ts'
import { AskError } from '../actor/ask.ts'
import { protocol } from '../actor/protocol.ts'
import type { Terminated } from '../actor/terminated.ts'
import { createSystem } from '../create-system.ts'
import { type ManualRuntime, manualRuntime } from '../runtime/manual.ts'
import type { ActorSystem } from '../system/actor-system.ts'
import type { SystemEvent } from '../system/events.ts'
import type { SystemOptions } from '../system/system-options.ts'

/** What most tests of actors begin with. For this package's own tests: nobody else gets it. */
export interface World {
  readonly runtime: ManualRuntime
  readonly system: ActorSystem
  /** All that has happened so far. */
  readonly events: SystemEvent[]
  /** What was logged so far: `level message: error`. */
  readonly lines: string[]
}

/** A system on time that stands still. */
export async function world(options: Partial<SystemOptions> = {}): Promise<World> {
  const runtime = manualRuntime()
  const lines: string[] = []
  const system = await createSystem({
    name: 'a',
    runtime,
    log: (level, _path, message, data) =>
      lines.push(`${level} ${message}: ${data instanceof Error ? data.message : ''}`),
    ...options,
  })
  const events: SystemEvent[] = []
  system.events.subscribe((event) => events.push(event))
  return { runtime, system, events, lines }
}

/** Resolves once `ms` of the runtime's time have passed: for handlers that take their time. */
export function timePasses(runtime: ManualRuntime, ms: number): Promise<void> {
  return new Promise((resolve) => void runtime.scheduler.after(ms, resolve))
}

/** The error an ask is rejected with. */
export async function refusal(t: ExecutionContext, ask: Promise<unknown>): Promise<AskError> {
  return t.throwsAsync(ask, { instanceOf: AskError })
}

interface Watching {
  watch: (ref: AnyRef) => void
  gone: (notice: Terminated) => void
}

/** An actor that watches what it is given and logs `path reason`. */
export function watchEnds(system: ActorSystem): { log: string[]; watch: (ref: AnyRef) => Promise<void> } {
  const log: string[] = []
  const ref = system.spawn(
    actor(protocol<Watching>('watching'), (context) => ({
      watch: (target) => context.watch(target, 'gone'),
      gone: (notice) => void log.push(`${notice.ref.path} ${notice.reason}`),
    })),
  )
  return { log, watch: (target) => ref.ask('watch', target) }
}
