/** A system seen from outside: every message, every actor, its state, and a stop in phases. */
import { actor, createSystem, extension, type Interceptor, inspect } from '@troupe/core'

/** What the actors share: made once, closed with the system. */
const Till = extension(
  'till',
  () => ({ cents: 0 }),
  ({ cents }) => console.log(`the till is closed with ${cents} cents`),
)

const trace: Interceptor = {
  handled: ({ name, kind }, { outcome }) => console.log(`  ${kind} ${name}: ${outcome}`),
  dropped: ({ name, kind }, reason) => console.log(`  ${kind} ${name}: dropped, ${reason}`),
}

const system = await createSystem({
  name: 'inspection',
  log: false,
  interceptors: [trace],
})

const counter = actor('counter', () => {
  let sold = 0
  return {
    sell: (cents: number) => {
      sold++
      system.extension(Till).cents += cents
    },
    [inspect]: () => ({ sold }),
  }
})

const ref = system.spawn(counter, { name: 'counter' })
ref.tell('sell', 250)
await ref.ask('sell', 100)
console.log('state:', system.snapshot(ref)?.state)

// Suspended, it handles nothing; what comes waits.
system.suspend(ref)
for (let i = 0; i < 3; i++) ref.tell('sell', 100)
await new Promise((resolve) => setTimeout(resolve, 1))
for (const { path, status, queued } of system.inspect({ below: '/user', busiest: true }).actors)
  console.log(`${path}: ${status}, ${queued} queued`)
system.resume(ref)
await ref.ask('sell', 50)

const { failures, deadLetters } = system.stats()
console.log(`failures ${failures}, dead letters ${JSON.stringify(deadLetters)}`)
system.onStop('before-stop', 'close the shop', () => console.log('before the stop: actors still work'))
system.onStop('actors-stopped', 'count', () => console.log('the actors are gone'))
await system.stop()
