import { Gate, type Pass } from '../runtime.ts'
import type { Size } from '../workloads.ts'
import { type Actor, tell } from './loop.ts'

export function pingpong({ each }: Size): Pass {
  const gate = new Gate()
  const ping = new Ping(gate)
  const pong = new Pong(ping)
  ping.pong = pong
  return () => gate.pass(() => ping.serve(each))
}

class Ping implements Actor<number> {
  pong: Pong | null = null
  readonly #gate: Gate
  #pongs = 0

  constructor(gate: Gate) {
    this.#gate = gate
  }

  serve(rounds: number): void {
    this.#pongs = 0
    tell(this.pong!, rounds)
  }

  receive(left: number): void {
    this.#pongs++
    if (left > 0) tell(this.pong!, left)
    else this.#gate.open(2 * this.#pongs)
  }
}

class Pong implements Actor<number> {
  readonly #ping: Ping

  constructor(ping: Ping) {
    this.#ping = ping
  }

  receive(left: number): void {
    tell(this.#ping, left - 1)
  }
}

export function counting({ each }: Size): Pass {
  const gate = new Gate()
  const counter = new Counter(gate)
  const producer = new Producer(counter)
  return () => gate.pass(() => tell(producer, each))
}

const INCREMENT = { kind: 'increment' }
const RETRIEVE = { kind: 'retrieve' }

class Producer implements Actor<number> {
  readonly #counter: Counter

  constructor(counter: Counter) {
    this.#counter = counter
  }

  receive(count: number): void {
    for (let i = 0; i < count; i++) tell(this.#counter, INCREMENT)
    tell(this.#counter, RETRIEVE)
  }
}

class Counter implements Actor<object> {
  readonly #gate: Gate
  #count = 0

  constructor(gate: Gate) {
    this.#gate = gate
  }

  receive(message: object): void {
    if (message === INCREMENT) {
      this.#count++
      return
    }
    this.#gate.open(this.#count)
    this.#count = 0
  }
}

export function ring({ actors, each }: Size): Pass {
  const gate = new Gate()
  const members = Array.from({ length: actors }, () => new Member(gate, actors * each))
  for (const [i, member] of members.entries()) member.next = members[(i + 1) % actors]!
  return () => gate.pass(() => tell(members[0]!, 1))
}

class Member implements Actor<number> {
  next: Member | null = null
  readonly #gate: Gate
  readonly #hops: number

  constructor(gate: Gate, hops: number) {
    this.#gate = gate
    this.#hops = hops
  }

  receive(hop: number): void {
    if (hop < this.#hops) tell(this.next!, hop + 1)
    else this.#gate.open(hop)
  }
}
