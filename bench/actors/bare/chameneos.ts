import { COLOURS, complement } from '../chance.ts'
import { Gate, type Pass } from '../runtime.ts'
import type { Size } from '../workloads.ts'
import { tell } from './loop.ts'

/** Creatures meet in pairs at a mall, change colour, and come back, until the mall closes. */
export function chameneos({ actors, each }: Size): Pass {
  const gate = new Gate()
  const mall = new Mall(gate, actors)
  const creatures = Array.from({ length: actors }, (_, i) => new Creature(mall, i % COLOURS))
  return () =>
    gate.pass(() => {
      tell(mall, 'open', each)
      for (const creature of creatures) tell(creature, 'come')
    })
}

/** `who` is ready to meet; the colour is the one it has at that moment. */
interface Meet {
  readonly who: Creature
  readonly colour: number
}

class Mall {
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

  meet(meet: Meet): void {
    if (this.#left === 0) tell(meet.who, 'closed')
    else if (this.#waiting === null) this.#waiting = meet.who
    else {
      this.#left--
      tell(this.#waiting, 'meet', meet)
      this.#waiting = null
    }
  }

  gone(meetings: number): void {
    this.#meetings += meetings
    if (++this.#gone < this.#creatures) return
    this.#gate.open(this.#meetings / 2)
    this.#gone = 0
    this.#meetings = 0
  }
}

class Creature {
  readonly #mall: Mall
  #colour: number
  #meetings = 0

  constructor(mall: Mall, colour: number) {
    this.#mall = mall
    this.#colour = colour
  }

  come(): void {
    tell(this.#mall, 'meet', { who: this, colour: this.#colour })
  }

  meet({ who, colour }: Meet): void {
    this.#colour = complement(this.#colour, colour)
    this.#meetings++
    tell(who, 'change', this.#colour)
    this.come()
  }

  change(colour: number): void {
    this.#colour = colour
    this.#meetings++
    this.come()
  }

  closed(): void {
    tell(this.#mall, 'gone', this.#meetings)
    this.#meetings = 0
  }
}
