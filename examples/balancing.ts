/** Five strategies spread the same twelve requests over three nodes, one of which is twice as strong. */
import { type Actor, actor, createSystem, protocol } from '@troupe/core'
import {
  type BalancingChoice,
  balancer,
  HashBalancing,
  LeastConnections,
  node,
  RandomChoice,
  RoundRobin,
  Weighted,
} from '@troupe/strategies/balancing'

interface Work {
  /** @returns which node did it */
  work: (key: string) => string
}
const Work = protocol<Work>('work')
const worker = (name: string): Actor<Work> => actor(Work, () => ({ work: () => name }))

const strategies: Record<string, BalancingChoice> = {
  'round-robin': new RoundRobin(),
  weighted: new Weighted(),
  random: (random) => new RandomChoice(random), // draws from the actor's own stream
  'least connections': new LeastConnections(),
  hash: new HashBalancing(),
}

const system = await createSystem({ name: 'balancing' })
const a = system.spawn(node(worker('a'), { maxInFlight: 4 }))
const b = system.spawn(node(worker('b'), { maxInFlight: 4 }))
const c = system.spawn(node(worker('c'), { maxInFlight: 4 }))

for (const [name, strategy] of Object.entries(strategies)) {
  const front = system.spawn(balancer<Work>({ strategy, targets: [{ ref: a, weight: 2 }, b, c] }))
  const asks = Array.from({ length: 12 }, (_, i) => front.ask('work', `key ${i % 4}`))
  const answers = (await Promise.all(asks)).join('')
  if (name === 'random') console.log(`random: ${answers.length} answers`)
  else if (name === 'hash') console.log(`hash: each key always to the same node: ${/^(.{4})\1\1$/.test(answers)}`)
  else console.log(`${name}: ${answers}`)
  await system.stop(front)
}

// A node that drains finishes what it has and takes nothing new: the balancer goes on with the others.
const front = system.spawn(balancer<Work>({ strategy: new RoundRobin(), targets: [a, b, c] }))
await b.ask('$drain')
const rest = await Promise.all(['', '', '', ''].map((key) => front.ask('work', key)))
console.log(`while b drains: ${rest.length} answers, ${rest.includes('b') ? 'some' : 'none'} from b`)
await system.stop()
