import test from 'ava'
import fc from 'fast-check'
import { times } from '../../../../scripts/slow-suite.ts'
import { actor } from '../actor/actor.ts'
import { type Protocol, protocol } from '../actor/protocol.ts'
import type { Ref } from '../actor/ref.ts'
import { createSystem } from '../create-system.ts'
import { type ManualRuntime, manualRuntime } from '../runtime/manual.ts'
import type { ActorSystem } from '../system/actor-system.ts'
import type { RestartPolicy, Scope, Supervision } from './directive.ts'
import { oneForAll } from './one-for-all.ts'
import { oneForOne } from './one-for-one.ts'
import { restForOne } from './rest-for-one.ts'

/**
 * The runtime against an obvious twin: trees of supervisors, as in Erlang/OTP, where failures, voluntary stops and
 * stops by the parent come one at a time. The twin knows no messages, no time but a counter, and no end that takes
 * time: it walks lists. Both write down each set-up and each clean-up.
 *
 * @see Erlang/OTP, supervisor(3): "Restart Strategies", "Maximum Restart Intensity"
 */

interface Shape {
  readonly scope: Scope
  readonly maxRestarts: number
  readonly children: readonly Child[]
}

interface Child {
  readonly restart: RestartPolicy
  /** How long its clean-up takes, in ms. */
  readonly cleanUpMs: number
  /** The children of its own, if it supervises. */
  readonly below: Shape | null
}

type Step = { readonly what: 'fail' | 'quit' | 'stopped by its parent' | 'time passes'; readonly who: number }

const WINDOW_MS = 10_000
/** Time between two steps: enough for all that takes time, a tenth of the window. */
const STEP_MS = 1_000

const restarts = fc.constantFrom<RestartPolicy[]>('permanent', 'transient', 'temporary')

function shape(depth: number): fc.Arbitrary<Shape> {
  const below = depth === 0 ? fc.constant(null) : fc.option(shape(depth - 1), { freq: 2 })
  const child = fc.record({ restart: restarts, cleanUpMs: fc.constantFrom(0, 0, 5), below })
  return fc.record({
    scope: fc.constantFrom<Scope[]>('one', 'all', 'rest'),
    maxRestarts: fc.integer({ min: 0, max: 4 }),
    children: fc.array(child, { minLength: 1, maxLength: 4 }),
  })
}

const steps = fc.array(
  fc.record({
    what: fc.constantFrom<Step['what'][]>('fail', 'fail', 'fail', 'quit', 'stopped by its parent', 'time passes'),
    who: fc.nat(50),
  }),
  { minLength: 5, maxLength: 25 },
)

test('trees of cohorts stop in reverse order, start in order, and restart exactly as often as OTP would (law 8)', async (t) => {
  let worked = 0
  await fc.assert(
    fc.asyncProperty(shape(2), steps, async (tree, story) => {
      const twin = new Twin(tree)
      const real = await Real.start(tree)
      t.deepEqual(real.take(), twin.take())
      for (const { what, who } of story) {
        const name = twin.pick(who)
        if (name === null || what === 'time passes') {
          twin.nowMs += 4 * STEP_MS
          await real.runtime.advance(4 * STEP_MS)
          continue
        }
        if (what === 'fail') twin.fail(name)
        else if (what === 'quit') twin.quit(name)
        else twin.stop(name)
        await real.perform(what, name)
        twin.nowMs += STEP_MS

        t.deepEqual(real.take(), twin.take(), `${what}: ${name}`)
        worked++
      }
      void real.system.stop()
      await real.runtime.advance(STEP_MS)
    }),
    { numRuns: times(50, 300) },
  )
  t.true(worked > times(80, 500))
})

// The twin

class Node {
  readonly name: string
  readonly child: Child
  readonly parent: Node | null
  /** Alive, in the order they were spawned. */
  children: Node[] = []
  /** When its cohort of children, or each child alone, has been restarted. */
  readonly restartsMs = new Map<string, number[]>()

  constructor(name: string, child: Child, parent: Node | null) {
    this.name = name
    this.child = child
    this.parent = parent
  }
}

class Twin {
  readonly log: string[] = []
  nowMs = 0
  readonly #root: Node

  constructor(tree: Shape) {
    this.#root = new Node('root', { restart: 'temporary', cleanUpMs: 0, below: tree }, null)
    this.#start([this.#root])
  }

  take(): string[] {
    return this.log.splice(0)
  }

  /** One of those that are alive, the root left out. */
  pick(who: number): string | null {
    const alive = this.#alive()
    return alive.length === 0 ? null : alive[who % alive.length]!.name
  }

  fail(name: string): void {
    this.#ends(this.#named(name), true)
  }

  quit(name: string): void {
    this.#ends(this.#named(name), false)
  }

  stop(name: string): void {
    this.#remove(this.#named(name))
  }

  #alive(below: Node = this.#root): Node[] {
    return below.children.flatMap((node) => [node, ...this.#alive(node)])
  }

  #named(name: string): Node {
    return this.#alive().find((node) => node.name === name)!
  }

  /** Sets up all of them, and then what is below them, level by level: a child starts in a turn of its own. */
  #start(nodes: readonly Node[]): void {
    if (nodes.length === 0) return
    for (const node of nodes) {
      this.log.push(`${node.name} starts`)
      node.restartsMs.clear()
      node.children = (node.child.below?.children ?? []).map((child, i) => new Node(`${node.name}.${i}`, child, node))
    }
    this.#start(nodes.flatMap((node) => node.children))
  }

  #end(node: Node): void {
    for (const child of node.children.toReversed()) this.#end(child)
    node.children = []
    this.log.push(`${node.name} gone`)
  }

  #remove(node: Node): void {
    this.#end(node)
    node.parent!.children = node.parent!.children.filter((other) => other !== node)
  }

  #ends(node: Node, failed: boolean): void {
    const { parent } = node
    if (parent === null) return this.#end(node)
    const { restart } = node.child
    if (restart === 'temporary' || (restart === 'transient' && !failed)) return this.#remove(node)
    const { scope, maxRestarts } = parent.child.below!
    const concerned = this.#concerned(node)
    const counted = scope === 'one' ? node.name : 'all'
    const recent = (parent.restartsMs.get(counted) ?? []).filter((at) => this.nowMs - at < WINDOW_MS)
    if (recent.length >= maxRestarts) return this.#giveUp(parent, concerned)
    parent.restartsMs.set(counted, [...recent, this.nowMs])
    for (const member of concerned.toReversed()) {
      if (member !== node && member.child.restart === 'temporary') this.#remove(member)
      else this.#end(member)
    }
    this.#start(concerned.filter((member) => parent.children.includes(member)))
  }

  #concerned(node: Node): readonly Node[] {
    const { children, child } = node.parent!
    const { scope } = child.below!
    if (scope === 'one') return [node]
    return scope === 'all' ? [...children] : children.slice(children.indexOf(node))
  }

  /** The count is used up: all concerned stop, and the parent fails if one of them was to run for good. */
  #giveUp(parent: Node, concerned: readonly Node[]): void {
    if (concerned.some(({ child }) => child.restart === 'permanent')) return this.#ends(parent, true)
    for (const member of concerned.toReversed()) this.#remove(member)
  }
}

// The runtime

const Worker: Protocol<{ fail: () => void; quit: () => void; stopChild: (name: string) => void }> = protocol('worker')

class Real {
  readonly log: string[] = []
  readonly runtime: ManualRuntime = manualRuntime()
  system!: ActorSystem
  readonly #refs = new Map<string, Ref<{ fail: () => void; quit: () => void; stopChild: (name: string) => void }>>()

  static async start(tree: Shape): Promise<Real> {
    const real = new Real()
    real.system = await createSystem({ name: 'a', runtime: real.runtime, log: false })
    real.#refs.set('root', real.system.spawn(real.#worker('root', { restart: 'temporary', cleanUpMs: 0, below: tree })))
    await real.runtime.advance(1)
    return real
  }

  take(): string[] {
    return this.log.splice(0)
  }

  async perform(what: Step['what'], name: string): Promise<void> {
    const parent = name.slice(0, name.lastIndexOf('.'))
    if (what === 'fail') this.#refs.get(name)!.tell('fail')
    else if (what === 'quit') this.#refs.get(name)!.tell('quit')
    else this.#refs.get(parent)!.tell('stopChild', name)
    await this.runtime.advance(STEP_MS)
  }

  #worker(name: string, { below, cleanUpMs }: Child) {
    return actor(Worker, (context) => {
      this.log.push(`${name} starts`)
      context.onStop(async () => {
        if (cleanUpMs > 0) await new Promise<void>((resolve) => void this.runtime.scheduler.after(cleanUpMs, resolve))
        this.log.push(`${name} gone`)
      })
      const supervise = below === null ? null : supervision(below)
      for (const [i, child] of (below?.children ?? []).entries()) {
        const called = `${name}.${i}`
        const options = { name: called, supervise: supervise!, restart: child.restart }
        this.#refs.set(called, context.spawn(this.#worker(called, child), options))
      }
      return {
        fail: () => {
          throw new Error('x')
        },
        quit: () => context.stop(),
        stopChild: (called) => context.stop(this.#refs.get(called)!),
      }
    })
  }
}

function supervision({ scope, maxRestarts }: Shape): Supervision {
  const options = { maxRestarts, withinMs: WINDOW_MS, backoff: { minMs: 0, maxMs: 0 } }
  if (scope === 'one') return oneForOne(options)
  return scope === 'all' ? oneForAll(options) : restForOne(options)
}
