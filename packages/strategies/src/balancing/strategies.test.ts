import { SeededRandom } from '@troupe/core'
import test from 'ava'
import fc from 'fast-check'
import {
  type BalancingStrategy,
  HashBalancing,
  LeastConnections,
  RandomChoice,
  RoundRobin,
  type Target,
  Weighted,
} from './index.ts'
import { type Request, RequestQueue } from './request-queue.ts'
import { balancingContract } from './strategy.contract.ts'

balancingContract(test, 'round robin', () => new RoundRobin())
balancingContract(test, 'weighted', () => new Weighted())
balancingContract(test, 'random', () => new RandomChoice(new SeededRandom(1)))
balancingContract(test, 'weighted random', () => new RandomChoice(new SeededRandom(1), { weighted: true }))
balancingContract(test, 'least connections', () => new LeastConnections())
balancingContract(test, 'hash', () => new HashBalancing())

test('round robin: no target is ever two requests ahead of another', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(200), (size, requests) => {
      const hits = deal(new RoundRobin(), equal(size), requests)
      return Math.max(...hits) - Math.min(...hits) <= 1
    }),
  )
  t.pass()
})

test('round robin: the cursor survives a change of the targets', (t) => {
  const strategy = new RoundRobin()
  const [a, b, c, d] = equal(4)

  t.deepEqual(
    [
      [a, b, c],
      [a, b, c],
      [a, b, c, d],
      [a, b, c, d],
      [a, b],
    ].map((given) => strategy.pick(given as Target[])),
    [a, b, c, d, a],
  )
})

for (const [weights, order] of [
  [[5, 1, 1], 'aabacaa'],
  [[4, 2, 1], 'abacaba'],
  [[3, 2, 1], 'abacba'],
  [[10, 1], 'aaaaabaaaaa'],
] as const) {
  test(`weighted: ${weights.join(', ')} gives ${order}, again and again`, (t) => {
    const strategy = new Weighted()
    const targets = weights.map((weight, i) => ({ id: 'abc'[i]!, weight, inFlight: 0 }))

    const picked = Array.from({ length: order.length * 3 }, () => strategy.pick(targets)!.id).join('')

    t.is(picked, order.repeat(3))
  })
}

test('weighted: each target gets exactly its weight in every round of all weights', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }), (weights) => {
      const total = weights.reduce((sum, weight) => sum + weight)
      const strategy = new Weighted()
      const targets = weights.map((weight, i) => ({ id: `${i}`, weight, inFlight: 0 }))
      return [1, 2].every(() => deal(strategy, targets, total).every((hits, i) => hits === weights[i]))
    }),
  )
  t.pass()
})

test('random: 100,000 picks fit the weights by chi-square, below the 99.9 % point', (t) => {
  const targets = [1, 2, 3, 4, 10].map((weight, i) => ({ id: `${i}`, weight, inFlight: 0 }))
  const uniform = deal(new RandomChoice(new SeededRandom(7)), targets, 100_000)
  const weighted = deal(new RandomChoice(new SeededRandom(7), { weighted: true }), targets, 100_000)

  t.true(chiSquare(uniform, [1, 1, 1, 1, 1]) < 18.47)
  t.true(chiSquare(weighted, [1, 2, 3, 4, 10]) < 18.47)
  t.true(chiSquare(uniform, [1, 2, 3, 4, 10]) > 1_000)
})

test('least connections: picks a target no other one is less loaded than, for its weight', (t) => {
  const target = fc.record({ weight: fc.integer({ min: 1, max: 9 }), inFlight: fc.nat(9) })
  fc.assert(
    fc.property(fc.array(target, { minLength: 1, maxLength: 8 }), fc.nat(20), (given, picks) => {
      const targets = given.map((each, i) => ({ ...each, id: `${i}` }))
      const strategy = new LeastConnections()
      for (let i = 0; i < picks; i++) strategy.pick(targets)
      const picked = strategy.pick(targets)!
      return targets.every(({ inFlight, weight }) => picked.inFlight / picked.weight <= inFlight / weight + 1e-12)
    }),
  )
  t.deepEqual(deal(new LeastConnections(), equal(3), 9), [3, 3, 3], 'equal ones come in turn')
})

test('hash: equal keys meet the same target, and one that leaves moves its own keys only', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 9 }), fc.array(fc.string(), { maxLength: 60 }), (size, keys) => {
      const strategy = new HashBalancing()
      const all = equal(size)
      const rest = all.slice(1)
      return keys.every((key) => {
        const before = strategy.pick(all, key)
        return (
          strategy.pick([...all].reverse(), key) === before &&
          (before === all[0] || strategy.pick(rest, key) === before)
        )
      })
    }),
  )
  t.deepEqual(deal(new HashBalancing(), equal(3), 9), [3, 3, 3], 'without a key in turn')
})

test('the queue keeps the order of arrival, whatever comes back and whatever expires', (t) => {
  const action = fc.oneof(
    fc.constant('arrive' as const),
    fc.constant('take' as const),
    fc.record({ back: fc.nat(5) }),
    fc.record({ expire: fc.nat(5) }),
  )
  fc.assert(
    fc.property(fc.array(action, { maxLength: 100 }), (actions) => {
      const queue = new RequestQueue()
      let twin: Request[] = []
      const taken: Request[] = []
      let arrivals = 0
      for (const each of actions) {
        if (each === 'arrive') {
          const request = {
            sequence: ++arrivals,
            name: '',
            payload: 0,
            key: undefined,
            reply: null,
            dueMs: 0,
            timer: null,
          }
          queue.add(request)
          twin.push(request)
        } else if (each === 'take') {
          const request = queue.shift()
          if (request !== (twin.shift() ?? null)) return false
          if (request !== null) taken.push(request)
        } else if ('back' in each) {
          const [request] = taken.splice(each.back % Math.max(1, taken.length), 1)
          if (request === undefined) continue
          queue.add(request)
          twin = [...twin, request].sort((a, b) => a.sequence - b.sequence)
        } else {
          const request = twin[each.expire]
          if (request === undefined) continue
          if (!queue.remove(request) || queue.remove(request)) return false
          twin = twin.filter((other) => other !== request)
        }
        if (queue.size !== twin.length) return false
      }
      return true
    }),
  )
  t.pass()
})

function equal(size: number): Target[] {
  return Array.from({ length: size }, (_, i) => ({ id: `node-${i}`, weight: 1, inFlight: 0 }))
}

/** Hits per target. */
function deal(strategy: BalancingStrategy, targets: readonly Target[], requests: number): number[] {
  const hits = targets.map(() => 0)
  for (let i = 0; i < requests; i++) hits[targets.indexOf(strategy.pick(targets, undefined)!)]!++
  return hits
}

function chiSquare(hits: readonly number[], weights: readonly number[]): number {
  const all = hits.reduce((sum, hit) => sum + hit)
  const total = weights.reduce((sum, weight) => sum + weight)
  return hits.reduce((sum, hit, i) => {
    const expected = (all * weights[i]!) / total
    return sum + (hit - expected) ** 2 / expected
  }, 0)
}
