import { COLOURS, complement } from '../chance.ts'
import { Gate, type Pass, type Prepare } from '../runtime.ts'
import type { Size } from '../workloads.ts'
import { type Behaviour, type Kit, spawn, spawnAll } from './kit.ts'

export function chameneos<R>(kit: Kit<R>): Prepare {
  return async ({ actors, each }: Size): Promise<Pass> => {
    const gate = new Gate()
    const mall = new Mall(kit, gate, actors)
    const ref = await spawn(kit, mall)
    const creatures = Array.from({ length: actors }, (_, i) => new Creature(kit, ref, i % COLOURS))
    const refs = await spawnAll(kit, creatures)
    for (const [i, creature] of creatures.entries()) creature.self = refs[i]!
    return () =>
      gate.pass(() => {
        mall.left = each
        for (const creature of refs) kit.tell(creature, COME)
      })
  }
}

/** `who` is ready to meet; the colour is the one it has at that moment. */
class Meet<R> {
  readonly who: R
  readonly colour: number

  constructor(who: R, colour: number) {
    this.who = who
    this.colour = colour
  }
}

const COME = -1
const CLOSED = -2

class Mall<R> implements Behaviour<Meet<R> | number> {
  left = 0
  readonly #kit: Kit<R>
  readonly #gate: Gate
  readonly #creatures: number
  #waiting: R | null = null
  #gone = 0
  #meetings = 0

  constructor(kit: Kit<R>, gate: Gate, creatures: number) {
    this.#kit = kit
    this.#gate = gate
    this.#creatures = creatures
  }

  receive(message: Meet<R> | number): void {
    if (typeof message === 'number') {
      this.#meetings += message
      if (++this.#gone < this.#creatures) return
      this.#gate.open(this.#meetings / 2)
      this.#gone = 0
      this.#meetings = 0
    } else if (this.left === 0) this.#kit.tell(message.who, CLOSED)
    else if (this.#waiting === null) this.#waiting = message.who
    else {
      this.left--
      const waiting = this.#waiting
      this.#waiting = null
      this.#kit.tell(waiting, message)
    }
  }
}

class Creature<R> implements Behaviour<Meet<R> | number> {
  self: R | null = null
  readonly #kit: Kit<R>
  readonly #mall: R
  #colour: number
  #meetings = 0

  constructor(kit: Kit<R>, mall: R, colour: number) {
    this.#kit = kit
    this.#mall = mall
    this.#colour = colour
  }

  receive(message: Meet<R> | number): void {
    if (message === CLOSED) {
      const meetings = this.#meetings
      this.#meetings = 0
      this.#kit.tell(this.#mall, meetings)
      return
    }
    if (typeof message !== 'number') {
      this.#colour = complement(this.#colour, message.colour)
      this.#meetings++
      this.#kit.tell(message.who, this.#colour)
    } else if (message !== COME) {
      this.#colour = message
      this.#meetings++
    }
    this.#kit.tell(this.#mall, new Meet(this.self!, this.#colour))
  }
}
