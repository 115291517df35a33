import { OPENING_BALANCE, type Transfer, transfers } from '../chance.ts'
import { Gate, type Pass } from '../runtime.ts'
import type { Size } from '../workloads.ts'
import { type Actor, AsyncActor, Question, tell } from './loop.ts'

/** A teller tells accounts to transfer; each asks the other account and is busy until that has answered. */
export function bank({ actors, each }: Size): Pass {
  const gate = new Gate()
  const accounts: Account[] = []
  const teller = new Teller(gate, accounts, transfers(actors, each))
  for (let i = 0; i < actors; i++) accounts.push(new Account(accounts, teller))
  return async () => {
    const done = await gate.pass(() => teller.start())
    const sum = accounts.reduce((total, { balance }) => total + balance, 0)
    return sum === actors * OPENING_BALANCE ? done : Number.NaN
  }
}

class Teller implements Actor<null> {
  readonly #gate: Gate
  readonly #accounts: readonly Account[]
  readonly #transfers: readonly Transfer[]
  #done = 0

  constructor(gate: Gate, accounts: readonly Account[], transfers: readonly Transfer[]) {
    this.#gate = gate
    this.#accounts = accounts
    this.#transfers = transfers
  }

  start(): void {
    for (const transfer of this.#transfers) tell(this.#accounts[transfer.from]!, transfer)
  }

  receive(_message: null): void {
    if (++this.#done < this.#transfers.length) return
    this.#gate.open(this.#done)
    this.#done = 0
  }
}

type Debit = Question<number, number>

class Account extends AsyncActor<Transfer | Debit> {
  balance = OPENING_BALANCE
  readonly #accounts: readonly Account[]
  readonly #teller: Teller

  constructor(accounts: readonly Account[], teller: Teller) {
    super()
    this.#accounts = accounts
    this.#teller = teller
  }

  protected handle(message: Transfer | Debit): Promise<void> | undefined {
    if (!(message instanceof Question)) return this.#transfer(message)
    this.balance += message.value
    message.answer(this.balance)
    return undefined
  }

  async #transfer({ to, amount }: Transfer): Promise<void> {
    this.balance -= amount
    const other = this.#accounts[to]!
    await new Promise((resolve) => tell(other, new Question(amount, resolve)))
    tell(this.#teller, null)
  }
}
