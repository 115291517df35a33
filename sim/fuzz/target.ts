import { type ActorSystem, actor, createSystem, type Protocol, protocol, type SystemOptions } from '@troupe/core'

interface Echo {
  echo: (value: unknown) => unknown
}
const Echo: Protocol<Echo> = protocol<Echo>('fuzz.echo')
const echo = actor(Echo, () => ({ echo: (value) => value }))

/** A system that listens, and an honest peer of it: whatever comes, they go on talking. */
export class Target {
  readonly system: ActorSystem
  readonly #peer: ActorSystem
  /** What must not have happened, in words. */
  readonly crashes: string[] = []
  readonly #prototypes = prototypeKeys()
  readonly #note = (error: unknown): void => void this.crashes.push(`unhandled: ${String(error)}`)

  /** @param options of both, each with a transport of its own */
  static async start(options: () => Partial<SystemOptions>): Promise<Target> {
    const common = { log: false, disconnectGraceMs: 100 } as const
    const system = await createSystem({ name: 'target', ...common, ...options() })
    const peer = await createSystem({ name: 'peer', ...common, ...options() })
    return new Target(system, peer)
  }

  private constructor(system: ActorSystem, peer: ActorSystem) {
    this.system = system
    this.#peer = peer
    system.events.subscribe((event) => {
      if (event.type === 'actor-failed') this.crashes.push(`an actor failed: ${event.path}`)
    })
    peer.events.subscribe((event) => {
      if (event.type === 'peer-lost') this.crashes.push(`an honest peer was lost: ${event.why}`)
    })
    process.on('unhandledRejection', this.#note)
    system.register(Echo, system.spawn(echo, { name: 'echo' }))
  }

  async connect(): Promise<void> {
    await this.#peer.connect(this.system.address)
    await this.check()
  }

  /** Whether it still does what it is for. */
  async check(): Promise<void> {
    try {
      const ref = await this.#peer.find(Echo)
      if ((await ref.ask('echo', 42)) !== 42) this.crashes.push('a wrong answer')
    } catch (error) {
      this.crashes.push(`no answer: ${String(error)}`)
    }
    if (prototypeKeys() !== this.#prototypes || 'isPolluted' in {}) this.crashes.push('a prototype is polluted')
  }

  async stop(): Promise<void> {
    const ended = this.#peer.stop()
    await Promise.all([ended, this.system.stop()])
    process.off('unhandledRejection', this.#note)
  }
}

function prototypeKeys(): string {
  const prototypes = [Object, Array, Map, Set, Function, String, Number].map(({ prototype }) => prototype as object)
  return JSON.stringify(prototypes.map((prototype) => Object.getOwnPropertyNames(prototype)))
}
