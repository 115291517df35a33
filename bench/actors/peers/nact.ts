import { dispatch, query, type Ref, spawn, start, stop } from 'nact'
import type { Runtime } from '../runtime.ts'
import { idleOf } from './idle.ts'
import type { Behaviour, Kit } from './kit.ts'
import { workloadsOf } from './workloads.ts'

/** A message, or a question with where its answer goes. */
interface Envelope {
  readonly message: unknown
  readonly from: Ref<number> | null
}

const system = start()
let names = 0

/** nact: a setImmediate and an awaited handler per message, one at a time per actor. */
const kit: Kit<Ref<Envelope>> = {
  spawn(behaviour, started) {
    const actor = behaviour as Behaviour<unknown>
    const handle = (_state: undefined, { message, from }: Envelope): unknown => {
      if (from === null) return actor.receive(message)
      return dispatch(from, actor.answer!(message as number))
    }
    // The names that it gives by itself are random numbers, and collide once there are tens of thousands.
    started(spawn(system, handle, `actor-${names++}`) as Ref<Envelope>)
  },
  tell(ref, message) {
    dispatch(ref, { message, from: null })
  },
  ask(ref, value) {
    return query(ref, (from: Ref<number>): Envelope => ({ message: value, from }), 30_000)
  },
  stop(ref) {
    stop(ref)
  },
}

export const runtime: Runtime = { workloads: workloadsOf(kit), idle: idleOf(kit) }
