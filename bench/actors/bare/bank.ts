import { OPENING_BALANCE, type Transfer, transfers } from '../chance.ts'
import { Gate, type Pass } from '../runtime.ts'
import type { Size } from '../workloads.ts'
import { AsyncActor, ask, type Question, tell } from './loop.ts'

/** A teller tells accounts to transfer; each asks the other account and is busy until that has answered. */
export function bank({ actors, each }: Size): Pass {
  const gate = new Gate()
  const accounts: Account[] = []
  const teller = new Teller(gate, accounts, transfers(actors, each))
  for (let i = 0; i < actors; i++) accounts.push(new Account(accounts, teller))
  return async () => {
    const done = await gate.pass(() => tell(teller, 'start'))
    const balances = await Promise.all(accounts.map((account) => ask(account, 'balance', undefined)))
    const sum = balances.reduce((total, balance) => total + balance, 0)
    return sum === actors * OPENING_BALANCE ? done : Number.NaN
  }
}

class Teller {
  readonly #gate: Gate
  readonly #accounts: readonly Account[]
  readonly #orders: readonly Transfer[]
  #done = 0

  constructor(gate: Gate, accounts: readonly Account[], orders: readonly Transfer[]) {
    this.#gate = gate
    this.#accounts = accounts
    this.#orders = orders
  }

  start(): void {
    for (const order of this.#orders) tell(this.#accounts[order.from]!, 'transfer', order)
  }

  transferred(): void {
    if (++this.#done < this.#orders.length) return
    this.#gate.open(this.#done)
    this.#done = 0
  }
}

class Account extends AsyncActor {
  readonly #accounts: readonly Account[]
  readonly #teller: Teller
  #balance = OPENING_BALANCE

  constructor(accounts: readonly Account[], teller: Teller) {
    super()
    this.#accounts = accounts
    this.#teller = teller
  }

  transfer(transfer: Transfer): void {
    if (this.busy) this.wait('transfer', transfer)
    else this.until(this.#transfer(transfer))
  }

  async #transfer({ to, amount }: Transfer): Promise<void> {
    this.#balance -= amount
    await ask(this.#accounts[to]!, 'debit', amount)
    tell(this.#teller, 'transferred')
  }

  debit(question: Question<number, number>): void {
    if (this.busy) return this.wait('debit', question)
    this.#balance += question.value
    question.reply(this.#balance)
  }

  balance(question: Question<undefined, number>): void {
    if (this.busy) return this.wait('balance', question)
    question.reply(this.#balance)
  }
}
