import { COLOURS, complement } from '../chance.ts'
import { Gate, type Pass } from '../runtime.ts'
import type { Size } from '../workloads.ts'
import { type Actor, tell } from './loop.ts'

/** Creatures meet in pairs at a mall, change colour, and come back, until the mall closes. */
export function chameneos({ actors, each }: Size): Pass {
  const gate = new Gate()
  const mall = new Mall(gate, actors)
  const creatures = Array.from({ length: actors }, (_, i) => new Creature(mall, i % COLOURS))
  return () =>
    gate.pass(() => {
      mall.open(each)
      for (const creature of creatures) creature.come()
    })
}

/** `who` is ready to meet; the colour is the one it has at that moment. */
class Meet {
  readonly who: Creature
  readonly colour: number

  constructor(who: Creature, colour: number) {
    this.who = who
    this.colour = colour
  }
}

const CLOSED = -1

class Mall implements Actor<Meet | number> {
  readonly #gate: Gate
  readonly #creatures: number
  #left = 0
  #waiting: Creature | null = null
  #gone = 0
  #meetings = 0

  constructor(gate: Gate, creatures: number) {
    this.#gate = gate
    this.#creatures = creatures
  }

  open(meetings: number): void {
    this.#left = meetings
  }

  receive(message: Meet | number): void {
    if (typeof message === 'number') {
      this.#meetings += message
      if (++this.#gone < this.#creatures) return
      this.#gate.open(this.#meetings / 2)
      this.#gone = 0
      this.#meetings = 0
    } else if (this.#left === 0) tell(message.who, CLOSED)
    else if (this.#waiting === null) this.#waiting = message.who
    else {
      this.#left--
      tell(this.#waiting, message)
      this.#waiting = null
    }
  }
}

class Creature implements Actor<Meet | number> {
  readonly #mall: Mall
  #colour: number
  #meetings = 0

  constructor(mall: Mall, colour: number) {
    this.#mall = mall
    this.#colour = colour
  }

  come(): void {
    tell(this.#mall, new Meet(this, this.#colour))
  }

  receive(message: Meet | number): void {
    if (typeof message !== 'number') {
      this.#colour = complement(this.#colour, message.colour)
      this.#meetings++
      tell(message.who, this.#colour)
      this.come()
    } else if (message === CLOSED) {
      tell(this.#mall, this.#meetings)
      this.#meetings = 0
    } else {
      this.#colour = message
      this.#meetings++
      this.come()
    }
  }
}
