import { actor, type Handlers, protocol, type Ref } from '@troupe/core'
import { OPENING_BALANCE, type Transfer, transfers } from '../chance.ts'
import { Gate, type Pass } from '../runtime.ts'
import type { Size } from '../workloads.ts'
import { system } from './system.ts'

export function bank({ actors, each }: Size): Pass {
  const gate = new Gate()
  const accounts: Ref<Account>[] = []
  const tellerRef = system.spawn(teller, { args: { gate, accounts, orders: transfers(actors, each) } })
  for (let i = 0; i < actors; i++) accounts.push(system.spawn(account, { args: { accounts, teller: tellerRef } }))
  return async () => {
    const done = await gate.pass(() => tellerRef.tell('start'))
    const balances = await Promise.all(accounts.map((ref) => ref.ask('balance')))
    const sum = balances.reduce((total, balance) => total + balance, 0)
    return sum === actors * OPENING_BALANCE ? done : Number.NaN
  }
}

interface Teller {
  start: () => void
  transferred: () => void
}

interface TellerArgs {
  readonly gate: Gate
  readonly accounts: readonly Ref<Account>[]
  readonly orders: readonly Transfer[]
}

class TellerActor implements Handlers<Teller> {
  readonly #gate: Gate
  readonly #accounts: readonly Ref<Account>[]
  readonly #orders: readonly Transfer[]
  #done = 0

  constructor({ gate, accounts, orders }: TellerArgs) {
    this.#gate = gate
    this.#accounts = accounts
    this.#orders = orders
  }

  start(): void {
    for (const order of this.#orders) this.#accounts[order.from]!.tell('transfer', order)
  }

  transferred(): void {
    if (++this.#done < this.#orders.length) return
    this.#gate.open(this.#done)
    this.#done = 0
  }
}

const teller = actor(protocol<Teller>('teller'), (_context, args: TellerArgs) => new TellerActor(args))

interface Account {
  transfer: (transfer: Transfer) => void
  debit: (amount: number) => number
  balance: () => number
}

interface AccountArgs {
  readonly accounts: readonly Ref<Account>[]
  readonly teller: Ref<Teller>
}

class AccountActor implements Handlers<Account> {
  readonly #accounts: readonly Ref<Account>[]
  readonly #teller: Ref<Teller>
  #balance = OPENING_BALANCE

  constructor({ accounts, teller }: AccountArgs) {
    this.#accounts = accounts
    this.#teller = teller
  }

  async transfer({ to, amount }: Transfer): Promise<void> {
    this.#balance -= amount
    await this.#accounts[to]!.ask('debit', amount)
    this.#teller.tell('transferred')
  }

  debit(amount: number): number {
    this.#balance += amount
    return this.#balance
  }

  balance(): number {
    return this.#balance
  }
}

const account = actor(protocol<Account>('account'), (_context, args: AccountArgs) => new AccountActor(args))
