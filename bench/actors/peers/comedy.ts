import { type ActorRef, createSystem } from 'comedy'
import type { Runtime } from '../runtime.ts'
import { idleOf } from './idle.ts'
import type { Behaviour, Kit } from './kit.ts'
import { workloadsOf } from './workloads.ts'

const root = await createSystem({ test: true }).rootActor()

/** comedy in memory: two promises and more per message, no mailbox; async handlers of one actor overlap. */
const kit: Kit<ActorRef> = {
  spawn(behaviour, started) {
    const actor = behaviour as Behaviour<unknown>
    const definition = {
      message: (message: unknown) => actor.receive(message),
      question: (value: number) => actor.answer!(value),
    }
    void root.createChild(definition, { mode: 'in-memory' }).then(started)
  },
  tell(ref, message) {
    void ref.send('message', message)
  },
  ask(ref, value) {
    return ref.sendAndReceive('question', value)
  },
  stop(ref) {
    void ref.destroy()
  },
}

export const runtime: Runtime = { workloads: workloadsOf(kit), idle: idleOf(kit) }
