import { type ActorSystem, createSystem, type Ref, type Transport } from '@troupe/core'
import { memoryNetwork } from '@troupe/transport-memory'
import { webSocketTransport } from '@troupe/transport-ws'
import { BareLoop } from './bare-loop.ts'
import { type Bench, interleave, type Report, type RunOptions, rowsOf, rowsReport, type Variant } from './bench.ts'
import { bytesAllocated, promisesMade } from './counting.ts'
import { askAll, CountingActor, lend, type Tally, tellAll } from './tally.ts'

/** Messages told in one go before waiting for them: enough to share the drain, few enough to stay in the cache. */
const BURST = 1_000

/** A local tell of a sync handler, and what it is not: a promise, a closure, a piece of garbage. */
export const tell: Bench = {
  name: 'tell',
  about: 'a message to a sync handler: time, promises and bytes; asks and other nodes for comparison',
  rounds: 11,
  async run({ rounds, quick }: RunOptions): Promise<Report> {
    const stage = await Stage.open()
    try {
      const scale = quick ? 0.02 : 1
      const variants = stage.variants((count) => Math.max(BURST, Math.round(count * scale)))
      const times = await interleave(variants, rounds)
      const names = variants.map(({ name }) => name)
      const rows = rowsOf(
        names,
        times.map((list) => list.map((ms) => ms * 1e6)),
      )
      return rowsReport('ns', rows, await stage.count(quick ? 50_000 : 1_000_000))
    } finally {
      await stage.close()
    }
  },
}

interface Target {
  readonly actor: CountingActor
  readonly ref: Ref<Tally>
}

/** An actor on this node, one behind memory links, one behind sockets. */
class Stage {
  readonly #systems: readonly ActorSystem[]
  readonly #local: Target
  readonly #memory: Target
  readonly #ws: Target

  private constructor(systems: readonly ActorSystem[], local: Target, memory: Target, ws: Target) {
    this.#systems = systems
    this.#local = local
    this.#memory = memory
    this.#ws = ws
  }

  static async open(): Promise<Stage> {
    const alone = await createSystem({ name: 'alone', log: false })
    const actor = new CountingActor()
    const local = { actor, ref: alone.spawn(actor.definition) }
    const network = memoryNetwork()
    const memory = await pair(network.transport(), network.transport())
    const ws = await pair(webSocketTransport({ port: 0 }), webSocketTransport())
    return new Stage([alone, ...memory.systems, ...ws.systems], local, memory.target, ws.target)
  }

  async close(): Promise<void> {
    await Promise.all(this.#systems.map((system) => system.stop()))
  }

  variants(scaled: (count: number) => number): Variant[] {
    const loop = new BareLoop(2_048)
    const bare = { sum: 0, note: (number: number): void => void (bare.sum += number) }
    const tells = (name: string, { actor, ref }: Target, count: number): Variant => ({
      name,
      count: scaled(count),
      run: (all) => tellAll(ref, actor, all, BURST),
    })
    const asks = (name: string, { ref }: Target, count: number): Variant => ({
      name,
      count: scaled(count),
      run: (all) => askAll(ref, all, 100),
    })
    return [
      {
        name: 'bare loop',
        count: scaled(500_000),
        run: (all) => {
          for (let sent = 0; sent < all; sent += BURST) {
            for (let i = 0; i < BURST; i++) loop.tell(bare, i)
            loop.drain()
          }
        },
      },
      tells('tell', this.#local, 500_000),
      asks('ask', this.#local, 100_000),
      tells('tell over memory links', this.#memory, 50_000),
      asks('ask over memory links', this.#memory, 20_000),
      tells('tell over WebSockets', this.#ws, 50_000),
      asks('ask over WebSockets', this.#ws, 20_000),
    ]
  }

  /** What the garbage collector and the microtask queue get to do, per local tell. */
  async count(tells: number): Promise<Record<string, number>> {
    const { actor, ref } = this.#local
    await tellAll(ref, actor, 50_000, BURST)
    // Large bursts: waiting for the end of one takes a handful of promises, whatever its size.
    const promises = await promisesMade(() => tellAll(ref, actor, tells, 50_000))
    const bytes = await bytesAllocated(() => tellAll(ref, actor, 20_000, BURST))
    return { promisesPerTell: promises / tells, bytesPerTell: bytes / 20_000 }
  }
}

async function pair(
  first: Transport,
  second: Transport,
): Promise<{ readonly systems: readonly ActorSystem[]; readonly target: Target }> {
  const there = await createSystem({ name: 'there', transport: first, log: false })
  const here = await createSystem({ name: 'here', transport: second, log: false })
  await here.connect(there.address)
  const actor = new CountingActor()
  const ref = await lend(there, there.spawn(actor.definition), here)
  return { systems: [here, there], target: { actor, ref } }
}
