import type { AnyRef } from '@troupe/core'

/**
 * One thing that an actor did besides keeping state and answering. Actors are named by their paths: `ref.path` of
 * a stand-in, or the path of the actor itself.
 */
export type Effect =
  /** It sent a message, to itself too. */
  | { readonly type: 'tell' | 'ask'; readonly to: string; readonly name: string; readonly payload: unknown }
  /** It handed the present message on, or another one, with whoever asked. */
  | { readonly type: 'forward'; readonly to: string; readonly name: string | null; readonly payload: unknown }
  /** It started a child, in whose place a probe stands. */
  | {
      readonly type: 'spawn'
      /** Id of the protocol of the child's actor. */
      readonly actor: string
      readonly name: string
      readonly args: unknown
      readonly ref: AnyRef
    }
  /** It stops itself, or a child. */
  | { readonly type: 'stop'; readonly to: string; readonly drain: boolean }
  /** It set a timer: `key` of one that has a key, else null; `ms` its delay, or the period of one of `every`. */
  | {
      readonly type: 'after' | 'every'
      readonly ms: number
      readonly name: string
      readonly payload: unknown
      readonly key: string | null
    }
  /** It called off a timer: by its key, or else by the message it would have sent. */
  | { readonly type: 'cancel'; readonly name: string | null; readonly key: string | null }
  /** `name` is the message it is to get. */
  | { readonly type: 'watch'; readonly to: string; readonly name: string }
  | { readonly type: 'unwatch' | 'link' | 'unlink'; readonly to: string }
  | { readonly type: 'become'; readonly handlers: object }
  | { readonly type: 'stash' | 'unstash' | 'task' }
  /** It will send itself the result of a promise, or fail with it where `onError` is null. */
  | { readonly type: 'pipe'; readonly name: string; readonly onError: string | null }
  | { readonly type: 'register' | 'find' | 'subscribe'; readonly protocol: string }
  /** It failed; its supervision decided `directive`. */
  | { readonly type: 'failed'; readonly error: Error; readonly directive: string }
