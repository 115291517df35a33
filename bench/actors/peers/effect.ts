import { Effect, Fiber, Queue } from 'effect'
import { Gate, type Pass, type Runtime } from '../runtime.ts'
import { CAPACITY, type Size } from '../workloads.ts'
import { idleOf } from './idle.ts'
import type { Behaviour, Kit } from './kit.ts'
import { workloadsOf } from './workloads.ts'

class Question {
  readonly value: number
  readonly answer: (value: number) => void

  constructor(value: number, answer: (value: number) => void) {
    this.value = value
    this.answer = answer
  }
}

interface Process {
  readonly queue: Queue.Queue<unknown>
  readonly fiber: Fiber.Fiber<never>
}

/** Effect: an unbounded queue, and a fiber that takes from it and waits for each handler. */
const kit: Kit<Process> = {
  spawn(behaviour, started) {
    const actor = behaviour as Behaviour<unknown>
    const queue = Effect.runSync(Queue.unbounded<unknown>())
    const handle = (message: unknown): Effect.Effect<unknown> => {
      if (message instanceof Question) {
        message.answer(actor.answer!(message.value))
        return Effect.void
      }
      const pending = actor.receive(message)
      return pending instanceof Promise ? Effect.promise(() => pending) : Effect.void
    }
    // Without a pause after every message, which is the default.
    const loop = Effect.forever(Effect.flatMap(Queue.take(queue), handle), { disableYield: true })
    started({ queue, fiber: Effect.runFork(loop) })
  },
  tell({ queue }, message) {
    Queue.offerUnsafe(queue, message)
  },
  ask({ queue }, value) {
    return new Promise((resolve) => Queue.offerUnsafe(queue, new Question(value, resolve)))
  },
  stop({ fiber }) {
    Effect.runFork(Fiber.interrupt(fiber))
  },
}

/** The mailbox itself is bounded; a producer that finds it full is suspended. */
function bounded({ each }: Size): Pass {
  const gate = new Gate()
  const queue = Effect.runSync(Queue.bounded<number>(CAPACITY))
  const consume = Effect.gen(function* () {
    for (let count = 1; ; count = count === each ? 1 : count + 1) {
      yield* Queue.take(queue)
      if (count === each) gate.open(count)
    }
  })
  Effect.runFork(consume)
  // Of the ways to write these two loops, those that were measured to be the fastest.
  const produce = (): Effect.Effect<void> => {
    let i = 0
    return Effect.whileLoop({ while: () => i < each, body: () => Queue.offer(queue, i++), step: () => {} })
  }
  return () => gate.pass(() => void Effect.runFork(produce()))
}

export const runtime: Runtime = { workloads: { ...workloadsOf(kit), bounded }, idle: idleOf(kit) }
