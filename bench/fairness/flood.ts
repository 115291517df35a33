import { actor, type Context, createSystem, type Handlers, protocol, type Ref, realRuntime } from '@troupe/core'
import { Lateness } from './lateness.ts'

/** What a flood did. */
export interface Flooded {
  readonly messages: number
  readonly cpuSeconds: number
  /** Of the timers of an actor beside it, by `context.after`; in ms. */
  readonly afterMs: readonly number[]
}

/** Messages in flight: the actor never runs out of them. */
const IN_FLIGHT = 100
/** How often the flood looks at the clock, in messages. */
const LOOK = 4_096

/**
 * Runs an actor that tells itself a message for each it gets, with some work between.
 *
 * @param seconds how long, on the clock on the wall
 * @param budget false: the event loop has no turn until the flood is over
 */
export async function flood(seconds: number, budget: boolean): Promise<Flooded> {
  const host = realRuntime()
  // Whoever yields to the event loop goes on at the end of the turn instead: a microtask, and no way out.
  const scheduler = {
    defer: (task: () => void) => host.scheduler.defer(task),
    yield: (task: () => void) => host.scheduler.defer(task),
    after: (delayMs: number, task: () => void) => host.scheduler.after(delayMs, task),
  }
  const system = await createSystem({ name: 'fairness', runtime: budget ? host : { ...host, scheduler } })
  const lateness = new Lateness()
  system.spawn(probe, { args: lateness })
  const start = process.cpuUsage()
  const untilMs = performance.now() + seconds * 1_000
  const messages = await new Promise<number>((done) => system.spawn(flooder, { args: { untilMs, done } }))
  const { user, system: kernel } = process.cpuUsage(start)
  const afterMs = lateness.end()
  await system.stop()
  return { messages, cpuSeconds: (user + kernel) / 1e6, afterMs }
}

interface Flooder {
  again: () => void
}

interface FlooderArgs {
  readonly untilMs: number
  readonly done: (messages: number) => void
}

class FlooderActor implements Handlers<Flooder> {
  readonly #self: Ref<Flooder>
  readonly #args: FlooderArgs
  #messages = 0
  #over = false
  sum = 0

  constructor(context: Context<Flooder>, args: FlooderArgs) {
    this.#self = context.self
    this.#args = args
    for (let i = 0; i < IN_FLIGHT; i++) this.#self.tell('again')
  }

  again(): void {
    if (this.#over) return
    // About a tenth of a microsecond of work.
    let sum = this.sum
    for (let i = 0; i < 100; i++) sum = (sum + i * 7) & 0xffff
    this.sum = sum
    this.#self.tell('again')
    if (++this.#messages % LOOK !== 0 || performance.now() < this.#args.untilMs) return
    this.#over = true
    this.#args.done(this.#messages)
  }
}

const flooder = actor(protocol<Flooder>('flooder'), (context, args: FlooderArgs) => new FlooderActor(context, args))

interface Probe {
  tick: () => void
}

const probe = actor(protocol<Probe>('probe'), (context: Context<Probe>, lateness: Lateness): Handlers<Probe> => {
  const next = (): void => void context.after(lateness.set(), 'tick')
  next()
  return {
    tick() {
      lateness.due()
      next()
    },
  }
})
