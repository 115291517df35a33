import { type Actor, actor, is, type Protocol, protocol, requireOptions } from '@troupe/core'
import { answerLater } from '../answer-later.ts'
import { QuorumRegister, type QuorumRegisterOptions, quorumOptionChecks } from './quorum-register.ts'

/** What a register answers. One register per key. */
export interface Register<V> {
  /** The value last written, undefined when there is none. */
  read: (key: string) => V | undefined
  write: (request: { readonly key: string; readonly value: V }) => void
  delete: (key: string) => void
  /** The keys that have a value and begin with the prefix, sorted. */
  keys: (prefix?: string) => readonly string[]
}

export const Register: Protocol<Register<unknown>> = protocol<Register<unknown>>('register')

/**
 * An actor in front of a {@link QuorumRegister}: for callers that have no refs to the replicas. Operations of
 * different callers run side by side; a failed one is refused with {@link NoMajorityError}.
 *
 * @param options `writer` may be left out: each start of the actor has a name of its own
 */
export function quorumRegister<V = unknown>(options: QuorumRegisterActorOptions): Actor<Register<V>>
export function quorumRegister(options: QuorumRegisterActorOptions): Actor<Register<unknown>> {
  requireOptions(
    'quorumRegister',
    options,
    { replicas: quorumOptionChecks.replicas },
    {
      ...quorumOptionChecks,
      writer: is.string,
    },
  )
  let starts = 0
  return actor(Register, (ctx) => {
    // A restart forgets which counters it has used, so it must not sign with the same name.
    const writer = `${options.writer ?? ctx.self.id}#${++starts}`
    const register = new QuorumRegister({ ...options, writer })
    return {
      read: (key) => answerLater(ctx, register.read(key)),
      write: ({ key, value }) => answerLater(ctx, register.write(key, value)),
      delete: (key) => answerLater(ctx, register.delete(key)),
      keys: (prefix) => answerLater(ctx, register.keys(prefix)),
    }
  })
}

export type QuorumRegisterActorOptions = Omit<QuorumRegisterOptions, 'writer'> & { readonly writer?: string }
