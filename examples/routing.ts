/** A pool starts its own routees and replaces them; a group routes over whoever is registered, on either node. */
import { actor, createSystem, oneForOne, protocol } from '@troupe/core'
import { group, HashBalancing, LeastConnections, pool, RoundRobin } from '@troupe/strategies/balancing'
import { memoryNetwork } from '@troupe/transport-memory'

interface Greeter {
  /** @returns who greets */
  greet: (guest: string) => string
  learn: (phrase: string) => void
  crash: () => void
}
const Greeter = protocol<Greeter>('greeter')

let started = 0
const greeter = actor(Greeter, () => {
  const name = `greeter ${++started}`
  return {
    greet: (guest) => `${guest}: ${name}`,
    learn: (phrase) => console.log(`  ${name} learns "${phrase}"`),
    crash: () => {
      throw new Error('tongue-tied')
    },
  }
})

const network = memoryNetwork()
const a = await createSystem({ name: 'a', transport: network.transport(), log: false })
const b = await createSystem({ name: 'b', transport: network.transport(), log: false })
await b.connect(a.address)

// Equal keys meet the same routee; here the payload is the key.
const front = a.spawn(pool(greeter, { size: 3, strategy: new HashBalancing() }))
for (const guest of ['Ada', 'Grace', 'Edsger', 'Ada']) console.log(await front.ask('greet', guest))
front.tell('$broadcast', ['learn', 'bonjour'])
await front.ask('$resize', 1)
console.log(`resized: ${await front.ask('greet', 'Grace')}`)

// What was routed before a stop with drain is handled, however short the time.
for (const phrase of ['hola', 'ciao']) front.tell('learn', phrase)
await a.stop(front, { drain: true })

// By default a routee that fails is restarted. Without restarts it ends, and another one takes its place.
const never = oneForOne({ maxRestarts: 0 })
const fragile = a.spawn(pool(greeter, { size: 1, strategy: new RoundRobin(), supervise: never, replaceAfterMs: 1_000 }))
const crash = await fragile.ask('crash').catch((error) => `${error.outcome}, ${error.reason}`)
const refused = await fragile.ask('greet', 'Alan').catch((error) => error.cause.causeCode)
console.log(`${crash}; then ${refused}`)
while ((await fragile.ask('$report')).routees.length < 1) await new Promise((resolve) => setTimeout(resolve, 20))
console.log(await fragile.ask('greet', 'Alan'))

// A group starts nobody: it follows a protocol, here and on connected nodes.
const everybody = a.spawn(group({ follow: Greeter }, { strategy: new LeastConnections() }))
for (const [i, node] of [a, b].entries()) {
  node.register(Greeter, node.spawn(greeter))
  while ((await everybody.ask('$report')).routees.length <= i) await new Promise((resolve) => setTimeout(resolve, 1))
}
for (const guest of ['Barbara', 'Tony']) console.log(await everybody.ask('greet', guest))
await Promise.all([a.stop(), b.stop()])
