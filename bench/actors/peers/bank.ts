import { OPENING_BALANCE, type Transfer, transfers } from '../chance.ts'
import { Gate, type Pass, type Prepare } from '../runtime.ts'
import type { Size } from '../workloads.ts'
import { type Behaviour, type Kit, spawn } from './kit.ts'

export function bank<R>(kit: Kit<R>): Prepare {
  return async ({ actors, each }: Size): Promise<Pass> => {
    const gate = new Gate()
    const refs: R[] = []
    const orders = transfers(actors, each)
    const teller = await spawn(kit, new Teller(kit, gate, refs, orders))
    const accounts = Array.from({ length: actors }, () => new Account(kit, refs, teller))
    for (const account of accounts) refs.push(await spawn(kit, account))
    return async () => {
      const done = await gate.pass(() => kit.tell(teller, START))
      const sum = accounts.reduce((total, { balance }) => total + balance, 0)
      return sum === actors * OPENING_BALANCE ? done : Number.NaN
    }
  }
}

const START = 1
const TRANSFERRED = 2

class Teller<R> implements Behaviour<number> {
  readonly #kit: Kit<R>
  readonly #gate: Gate
  readonly #accounts: readonly R[]
  readonly #orders: readonly Transfer[]
  #done = 0

  constructor(kit: Kit<R>, gate: Gate, accounts: readonly R[], orders: readonly Transfer[]) {
    this.#kit = kit
    this.#gate = gate
    this.#accounts = accounts
    this.#orders = orders
  }

  receive(message: number): void {
    if (message === START) {
      for (const order of this.#orders) this.#kit.tell(this.#accounts[order.from]!, order)
      return
    }
    if (++this.#done < this.#orders.length) return
    this.#gate.open(this.#done)
    this.#done = 0
  }
}

class Account<R> implements Behaviour<Transfer> {
  balance = OPENING_BALANCE
  readonly #kit: Kit<R>
  readonly #accounts: readonly R[]
  readonly #teller: R

  constructor(kit: Kit<R>, accounts: readonly R[], teller: R) {
    this.#kit = kit
    this.#accounts = accounts
    this.#teller = teller
  }

  async receive({ to, amount }: Transfer): Promise<void> {
    this.balance -= amount
    await this.#kit.ask(this.#accounts[to]!, amount)
    this.#kit.tell(this.#teller, TRANSFERRED)
  }

  answer(amount: number): number {
    this.balance += amount
    return this.balance
  }
}
