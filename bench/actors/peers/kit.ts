/** What an actor does, as the peers are told: a function for messages, and one for questions. */
export interface Behaviour<M> {
  /** The peer waits for a promise if it ever does. */
  receive(message: M): unknown
  /** The answer to a question, at once. */
  answer?(value: number): number
}

/**
 * The least that every actor framework has, in its own terms. The workloads are written once upon it: what this
 * adds to a message, a call, is nothing beside what the fastest of the peers takes for one.
 */
export interface Kit<R = unknown> {
  /** Starts an actor; `started` is called with it, at once where the framework can. */
  spawn(behaviour: Behaviour<never>, started: (ref: R) => void): void
  tell(ref: R, message: unknown): void
  ask(ref: R, value: number): Promise<number>
  /** Called by the actor itself, from `receive`. */
  stop(ref: R): void
}

export async function spawn<R>(kit: Kit<R>, behaviour: Behaviour<never>): Promise<R> {
  return await new Promise<R>((resolve) => kit.spawn(behaviour, resolve))
}

/** One after the other: order and number are known, and it is not what is measured. */
export async function spawnAll<R, B extends Behaviour<never>>(kit: Kit<R>, behaviours: readonly B[]): Promise<R[]> {
  const refs: R[] = []
  for (const behaviour of behaviours) refs.push(await spawn(kit, behaviour))
  return refs
}
