import { Gate, type Pass } from '../runtime.ts'
import type { Size } from '../workloads.ts'
import { tell } from './loop.ts'

export function pingpong({ each }: Size): Pass {
  const gate = new Gate()
  const ping = new Ping(gate)
  return () => gate.pass(() => tell(ping, 'serve', each))
}

class Ping {
  readonly #gate: Gate
  readonly #pong: Pong
  #pongs = 0

  constructor(gate: Gate) {
    this.#gate = gate
    this.#pong = new Pong(this)
  }

  serve(rounds: number): void {
    this.#pongs = 0
    tell(this.#pong, 'ping', rounds)
  }

  pong(left: number): void {
    this.#pongs++
    if (left > 0) tell(this.#pong, 'ping', left)
    else this.#gate.open(2 * this.#pongs)
  }
}

class Pong {
  readonly #ping: Ping

  constructor(ping: Ping) {
    this.#ping = ping
  }

  ping(left: number): void {
    tell(this.#ping, 'pong', left - 1)
  }
}

export function counting({ each }: Size): Pass {
  const gate = new Gate()
  const counter = new Counter(gate)
  const producer = new Producer(counter)
  return () => gate.pass(() => tell(producer, 'produce', each))
}

class Producer {
  readonly #counter: Counter

  constructor(counter: Counter) {
    this.#counter = counter
  }

  produce(count: number): void {
    for (let i = 0; i < count; i++) tell(this.#counter, 'increment')
    tell(this.#counter, 'retrieve')
  }
}

class Counter {
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

export function ring({ actors, each }: Size): Pass {
  const gate = new Gate()
  const hops = actors * each
  const members = Array.from({ length: actors }, () => new Member(gate, hops))
  for (const [i, member] of members.entries()) tell(member, 'meet', members[(i + 1) % actors]!)
  return () => gate.pass(() => tell(members[0]!, 'token', 1))
}

class Member {
  readonly #gate: Gate
  readonly #hops: number
  #next: Member | null = null

  constructor(gate: Gate, hops: number) {
    this.#gate = gate
    this.#hops = hops
  }

  meet(next: Member): void {
    this.#next = next
  }

  token(hop: number): void {
    if (hop < this.#hops) tell(this.#next!, 'token', hop + 1)
    else this.#gate.open(hop)
  }
}
