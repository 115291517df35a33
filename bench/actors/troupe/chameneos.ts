import { actor, type Context, type Handlers, protocol, type Ref } from '@troupe/core'
import { COLOURS, complement } from '../chance.ts'
import { Gate, type Pass } from '../runtime.ts'
import type { Size } from '../workloads.ts'
import { system } from './system.ts'

export function chameneos({ actors, each }: Size): Pass {
  const gate = new Gate()
  const mallRef = system.spawn(mall, { args: { gate, actors, each } })
  const creatures = Array.from({ length: actors }, (_, i) =>
    system.spawn(creature, { args: { mall: mallRef, colour: i % COLOURS } }),
  )
  return () =>
    gate.pass(() => {
      mallRef.tell('open', each)
      for (const ref of creatures) ref.tell('come')
    })
}

/** `who` is ready to meet; the colour is the one it has at that moment. */
interface Meet {
  readonly who: Ref<Creature>
  readonly colour: number
}

interface Mall {
  open: (meetings: number) => void
  meet: (meet: Meet) => void
  gone: (meetings: number) => void
}

interface MallArgs extends Size {
  readonly gate: Gate
}

class MallActor implements Handlers<Mall> {
  readonly #gate: Gate
  readonly #creatures: number
  #left = 0
  #waiting: Ref<Creature> | null = null
  #gone = 0
  #meetings = 0

  constructor({ gate, actors }: MallArgs) {
    this.#gate = gate
    this.#creatures = actors
  }

  open(meetings: number): void {
    this.#left = meetings
  }

  meet(meet: Meet): void {
    if (this.#left === 0) meet.who.tell('closed')
    else if (this.#waiting === null) this.#waiting = meet.who
    else {
      this.#left--
      this.#waiting.tell('meet', meet)
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

const mall = actor(protocol<Mall>('mall'), (_context, args: MallArgs) => new MallActor(args))

interface Creature {
  come: () => void
  meet: (meet: Meet) => void
  change: (colour: number) => void
  closed: () => void
}

interface CreatureArgs {
  readonly mall: Ref<Mall>
  readonly colour: number
}

class CreatureActor implements Handlers<Creature> {
  readonly #self: Ref<Creature>
  readonly #mall: Ref<Mall>
  #colour: number
  #meetings = 0

  constructor(context: Context<Creature>, { mall, colour }: CreatureArgs) {
    this.#self = context.self
    this.#mall = mall
    this.#colour = colour
  }

  come(): void {
    this.#mall.tell('meet', { who: this.#self, colour: this.#colour })
  }

  meet({ who, colour }: Meet): void {
    this.#colour = complement(this.#colour, colour)
    this.#meetings++
    who.tell('change', this.#colour)
    this.come()
  }

  change(colour: number): void {
    this.#colour = colour
    this.#meetings++
    this.come()
  }

  closed(): void {
    this.#mall.tell('gone', this.#meetings)
    this.#meetings = 0
  }
}

const creature = actor(
  protocol<Creature>('creature'),
  (context, args: CreatureArgs) => new CreatureActor(context, args),
)
