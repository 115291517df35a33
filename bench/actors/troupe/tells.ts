import { actor, type Context, type Handlers, protocol, type Ref } from '@troupe/core'
import { Gate, type Pass } from '../runtime.ts'
import type { Size } from '../workloads.ts'
import { system } from './system.ts'

export function pingpong({ each }: Size): Pass {
  const gate = new Gate()
  const ref = system.spawn(ping, { args: gate })
  return () => gate.pass(() => ref.tell('serve', each))
}

interface Ping {
  serve: (rounds: number) => void
  pong: (left: number) => void
}

class PingActor implements Handlers<Ping> {
  readonly #gate: Gate
  readonly #pong: Ref<Pong>
  #pongs = 0

  constructor(context: Context<Ping>, gate: Gate) {
    this.#gate = gate
    this.#pong = context.spawn(pong, { args: context.self })
  }

  serve(rounds: number): void {
    this.#pongs = 0
    this.#pong.tell('ping', rounds)
  }

  pong(left: number): void {
    this.#pongs++
    if (left > 0) this.#pong.tell('ping', left)
    else this.#gate.open(2 * this.#pongs)
  }
}

const ping = actor(protocol<Ping>('ping'), (context, gate: Gate) => new PingActor(context, gate))

interface Pong {
  ping: (left: number) => void
}

class PongActor implements Handlers<Pong> {
  readonly #ping: Ref<Ping>

  constructor(ping: Ref<Ping>) {
    this.#ping = ping
  }

  ping(left: number): void {
    this.#ping.tell('pong', left - 1)
  }
}

const pong = actor(protocol<Pong>('pong'), (_context, ping: Ref<Ping>) => new PongActor(ping))

export function counting({ each }: Size): Pass {
  const gate = new Gate()
  const counterRef = system.spawn(counter, { args: gate })
  const producerRef = system.spawn(producer, { args: counterRef })
  return () => gate.pass(() => producerRef.tell('produce', each))
}

interface Producer {
  produce: (count: number) => void
}

const producer = actor(
  protocol<Producer>('producer'),
  (_context, counter: Ref<Counter>): Handlers<Producer> => ({
    produce(count) {
      for (let i = 0; i < count; i++) counter.tell('increment')
      counter.tell('retrieve')
    },
  }),
)

interface Counter {
  increment: () => void
  retrieve: () => void
}

class CounterActor implements Handlers<Counter> {
  readonly #gate: Gate
  #count = 0

  constructor(gate: Gate) {
    this.#gate = gate
  }

  increment(): void {
    this.#count++
  }

  retrieve(): void {
    this.#gate.open(this.#count)
    this.#count = 0
  }
}

const counter = actor(protocol<Counter>('counter'), (_context, gate: Gate) => new CounterActor(gate))

export function ring({ actors, each }: Size): Pass {
  const gate = new Gate()
  const hops = actors * each
  const members = Array.from({ length: actors }, () => system.spawn(member, { args: { gate, hops } }))
  for (const [i, ref] of members.entries()) ref.tell('meet', members[(i + 1) % actors]!)
  return () => gate.pass(() => members[0]!.tell('token', 1))
}

interface Member {
  meet: (next: Ref<Member>) => void
  token: (hop: number) => void
}

interface MemberArgs {
  readonly gate: Gate
  readonly hops: number
}

class MemberActor implements Handlers<Member> {
  readonly #gate: Gate
  readonly #hops: number
  #next: Ref<Member> | null = null

  constructor({ gate, hops }: MemberArgs) {
    this.#gate = gate
    this.#hops = hops
  }

  meet(next: Ref<Member>): void {
    this.#next = next
  }

  token(hop: number): void {
    if (hop < this.#hops) this.#next!.tell('token', hop + 1)
    else this.#gate.open(hop)
  }
}

const member = actor(protocol<Member>('member'), (_context, args: MemberArgs) => new MemberActor(args))
