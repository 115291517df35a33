import { Gate, type Pass, type Prepare } from '../runtime.ts'
import type { Size } from '../workloads.ts'
import { type Behaviour, type Kit, spawn, spawnAll } from './kit.ts'

export function pingpong<R>(kit: Kit<R>): Prepare {
  return async ({ each }: Size): Promise<Pass> => {
    const gate = new Gate()
    const ping = new Ping(kit, gate)
    const pong = new Pong(kit)
    const pingRef = await spawn(kit, ping)
    const pongRef = await spawn(kit, pong)
    ping.pong = pongRef
    pong.ping = pingRef
    return () =>
      gate.pass(() => {
        ping.pongs = 0
        kit.tell(pongRef, each)
      })
  }
}

class Ping<R> implements Behaviour<number> {
  pong: R | null = null
  pongs = 0
  readonly #kit: Kit<R>
  readonly #gate: Gate

  constructor(kit: Kit<R>, gate: Gate) {
    this.#kit = kit
    this.#gate = gate
  }

  receive(left: number): void {
    this.pongs++
    if (left > 0) this.#kit.tell(this.pong!, left)
    else this.#gate.open(2 * this.pongs)
  }
}

class Pong<R> implements Behaviour<number> {
  ping: R | null = null
  readonly #kit: Kit<R>

  constructor(kit: Kit<R>) {
    this.#kit = kit
  }

  receive(left: number): void {
    this.#kit.tell(this.ping!, left - 1)
  }
}

export function counting<R>(kit: Kit<R>): Prepare {
  return async ({ each }: Size): Promise<Pass> => {
    const gate = new Gate()
    const counter = await spawn(kit, new Counter(gate))
    const producer = await spawn(kit, new Producer(kit, counter))
    return () => gate.pass(() => kit.tell(producer, each))
  }
}

const INCREMENT = { kind: 'increment' }
const RETRIEVE = { kind: 'retrieve' }

class Producer<R> implements Behaviour<number> {
  readonly #kit: Kit<R>
  readonly #counter: R

  constructor(kit: Kit<R>, counter: R) {
    this.#kit = kit
    this.#counter = counter
  }

  receive(count: number): void {
    for (let i = 0; i < count; i++) this.#kit.tell(this.#counter, INCREMENT)
    this.#kit.tell(this.#counter, RETRIEVE)
  }
}

class Counter implements Behaviour<object> {
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

export function ring<R>(kit: Kit<R>): Prepare {
  return async ({ actors, each }: Size): Promise<Pass> => {
    const gate = new Gate()
    const members = Array.from({ length: actors }, () => new Member<R>(kit, gate, actors * each))
    const refs = await spawnAll(kit, members)
    for (const [i, member] of members.entries()) member.next = refs[(i + 1) % actors]!
    return () => gate.pass(() => kit.tell(refs[0]!, 1))
  }
}

class Member<R> implements Behaviour<number> {
  next: R | null = null
  readonly #kit: Kit<R>
  readonly #gate: Gate
  readonly #hops: number

  constructor(kit: Kit<R>, gate: Gate, hops: number) {
    this.#kit = kit
    this.#gate = gate
    this.#hops = hops
  }

  receive(hop: number): void {
    if (hop < this.#hops) this.#kit.tell(this.next!, hop + 1)
    else this.#gate.open(hop)
  }
}
