/** What an acknowledged write is worth: three strategies lose their primary, a register its minority, and who may act. */
import { type Actor, actor, createSystem } from '@troupe/core'
import { activePassive, fenced, lease } from '@troupe/strategies/failover'
import * as replication from '@troupe/strategies/replication'

const system = await createSystem({ name: 'replication', log: false })

class Account implements replication.StateMachine<number, number> {
  #balance = 0
  apply(amount: number): number {
    this.#balance += amount
    return this.#balance
  }
  snapshot(): number {
    return this.#balance
  }
  restore(snapshot: unknown): void {
    this.#balance = Number(snapshot)
  }
}

// Each strategy says as data what it promises; a new epoch replaces a primary that is lost.
const { PrimaryBackup, Synchronous, Asynchronous } = replication
for (const strategy of [new PrimaryBackup(), new Synchronous(), new Asynchronous()]) {
  const copies = [1, 2, 3].map(() => system.spawn(replication.replica(strategy, () => new Account())))
  const { primary } = await replication.appoint(copies, 1)
  await primary.ask('write', 100)
  await primary.ask('write', -30)
  await system.stop(primary)
  const next = await replication.appoint(copies, 2)
  console.log(`${strategy.name}: ${await next.primary.ask('read')} left; ${strategy.guarantee.acknowledged}`)
}

// A register by majority voting needs no primary: any two of three replicas are enough.
const replicas = [1, 2, 3].map(() => system.spawn(replication.registerReplica()))
const register = system.spawn(replication.quorumRegister<string>({ replicas }))
await register.ask('write', { key: 'colour', value: 'red' })
await system.stop(replicas[0]!)
console.log(`voting: ${await register.ask('read', 'colour')}, with one replica of three gone`)

// Of two candidates one is active; its requests bear an epoch, and the resource refuses those that are over.
const resource = system.spawn(fenced(actor('resource', () => ({ use: (who: string) => `used by ${who}` }))))
const service =
  (who: string) =>
  (epoch: number): Actor<{ work: () => Promise<string> }> =>
    actor('service', () => ({ work: () => resource.ask('use', { epoch, payload: who }) }))
const leases = system.spawn(lease())
const [first, second] = ['first', 'second'].map((owner) =>
  system.spawn(activePassive({ lease: leases, owner, service: service(owner), ttlMs: 300 })),
)
for (const candidate of [first!, second!]) {
  while (!(await candidate.ask('$status')).active) await new Promise((resolve) => setTimeout(resolve, 20))
  console.log(`failover: ${await candidate.ask('work')}`)
  if (candidate === first) await system.stop(first)
}
const late = resource.ask('use', { epoch: 1, payload: 'first' })
console.log(await late.catch((error) => `failover: the first one's late request is refused, ${error.cause.causeCode}`))
await system.stop()
