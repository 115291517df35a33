import type { Context, Deferred } from '@troupe/core'

/** Answers the present message when `work` is done, and lets the mailbox go on meanwhile. */
export function answerLater<P, R>(ctx: Context<P>, work: Promise<R>): Deferred<R> {
  const reply = ctx.reply<R>()
  work.then(
    (value) => reply.resolve(value),
    (error) => reply.reject(error),
  )
  return reply
}
