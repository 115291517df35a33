import { type Actor, actor, type Protocol, protocol } from '@troupe/core'

export interface Counter {
  add: (number: number) => number
  pid: () => number
  /** Asks the counter of another node, as often as said, and answers the sum of its answers. */
  askOther: (order: { readonly other: string; readonly times: number }) => number
}

/** One protocol per node, so that a test can say which one it means. */
export function counterOf(name: string): Protocol<Counter> {
  return protocol<Counter>(`counter-${name}`)
}

/** Adds up what it is told. */
export function counter(name: string): Actor<Counter> {
  return actor(counterOf(name), (context) => {
    let sum = 0
    return {
      add: (number) => (sum += number),
      pid: () => process.pid,
      // Answered later, so that this one goes on meanwhile: the other may be asking it just now.
      askOther: ({ other, times }) => {
        const reply = context.reply<number>()
        const asked = context
          .find(counterOf(other))
          .then((ref) => Promise.all(Array.from({ length: times }, () => ref.ask('add', 1))))
        asked.then(
          (answers) => reply.resolve(answers.reduce((total, answer) => total + answer, 0)),
          (error) => reply.reject(error),
        )
        return reply
      },
    }
  })
}
