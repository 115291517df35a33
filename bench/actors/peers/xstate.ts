import { type ActorRefFrom, createActor, fromTransition } from 'xstate'
import type { Runtime } from '../runtime.ts'
import { idleOf } from './idle.ts'
import type { Behaviour, Kit } from './kit.ts'
import { workloadsOf } from './workloads.ts'

type Event =
  | { readonly type: 'message'; readonly message: unknown }
  | { readonly type: 'question'; readonly value: number; readonly answer: (value: number) => void }

const logic = fromTransition<Behaviour<unknown>, Event, never, Behaviour<unknown>>(
  (behaviour, event) => {
    if (event.type === 'message') void behaviour.receive(event.message)
    // And not its own notice of a stop, which comes here too.
    else if (event.type === 'question') event.answer(behaviour.answer!(event.value))
    return behaviour
  },
  ({ input }) => input,
)

/**
 * XState with the least logic it has. An idle actor handles a message within the call that sends it, and async
 * handlers of one actor overlap: it does less than an actor with a mailbox must.
 */
const kit: Kit<ActorRefFrom<typeof logic>> = {
  spawn(behaviour, started) {
    started(createActor(logic, { input: behaviour as Behaviour<unknown> }).start())
  },
  tell(ref, message) {
    ref.send({ type: 'message', message })
  },
  ask(ref, value) {
    return new Promise((resolve) => ref.send({ type: 'question', value, answer: resolve }))
  },
  stop(ref) {
    ;(ref as ReturnType<typeof createActor<typeof logic>>).stop()
  },
}

export const runtime: Runtime = { workloads: workloadsOf(kit), idle: idleOf(kit) }
