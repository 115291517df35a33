import { actor, type Deferred, protocol, type Ref, type Terminated } from '@troupe/core'
import type { Node } from './world.ts'

export interface Recorder {
  /** Writes down a number. */
  note: (number: number) => void
  /** Writes it down and answers it. */
  echo: (number: number) => number
  /** Is answered when `release` comes. */
  hold: () => string
  release: () => void
  /** Asks somebody else to write a number down. */
  tellTo: (order: { to: Ref<Recorder>; number: number }) => void
  /** Writes down 1, 2, 3 at somebody's and ends. */
  sayGoodbye: (to: Ref<Recorder>) => void
  crash: () => void
}
export const Recorder = protocol<Recorder>('recorder')

/** Starts an actor that writes down what it is told, in a list the test can see. */
export function recorder(node: Node, name?: string): { readonly ref: Ref<Recorder>; readonly noted: number[] } {
  const noted: number[] = []
  const definition = actor(Recorder, (context) => {
    let held: Deferred<string> | null = null
    return {
      note: (number) => {
        noted.push(number)
      },
      echo: (number) => {
        noted.push(number)
        return number
      },
      hold: () => {
        held = context.reply<string>()
        return held
      },
      release: () => held?.resolve('released'),
      tellTo: ({ to, number }) => to.tell('note', number),
      sayGoodbye: (to) => {
        for (const number of [1, 2, 3]) to.tell('note', number)
        context.stop()
      },
      crash: () => {
        throw new RangeError('as told')
      },
    }
  })
  return { ref: node.system.spawn(definition, name === undefined ? {} : { name }), noted }
}

export interface Watcher {
  gone: (notice: Terminated) => void
  end: () => void
}

/** Starts an actor that watches `target`. The list holds every notice it gets, as `reason`. */
export function watcher(node: Node, target: Ref<Recorder>): { readonly ref: Ref<Watcher>; readonly reasons: string[] } {
  const reasons: string[] = []
  const definition = actor(protocol<Watcher>('watcher'), (context) => {
    context.watch(target, 'gone')
    return {
      gone: ({ reason }) => {
        reasons.push(reason)
      },
      end: () => context.unwatch(target),
    }
  })
  return { ref: node.system.spawn(definition), reasons }
}
