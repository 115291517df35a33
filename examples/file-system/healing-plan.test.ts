import { RendezvousSharding } from '@troupe/strategies/sharding'
import test from 'ava'
import fc from 'fast-check'
import { COPIES } from './block.ts'
import { planHealing } from './healing-plan.ts'

const nodes = ['s1', 's2', 's3', 's4', 's5']
const ids = ['a', 'b', 'c', 'd', 'e', 'f']
const placement = new RendezvousSharding(nodes)
const order = (id: string): string[] => placement.owners(id, nodes.length)

const inventories = fc
  .array(fc.uniqueArray(fc.constantFrom(...ids)), { minLength: nodes.length, maxLength: nodes.length })
  .map((held) => new Map(nodes.map((node, i) => [node, new Set(held[i])])))

test('exactly one node copies a block that lacks copies, to exactly the owners that lack it', (t) => {
  fc.assert(
    fc.property(inventories, (held) => {
      const plans = nodes.map((node) => planHealing(node, held, order))
      for (const id of ids) {
        const holders = nodes.filter((node) => held.get(node)!.has(id))
        const lacking = order(id)
          .slice(0, COPIES)
          .filter((node) => !holders.includes(node))
        const copies = plans.flatMap((plan) => plan.copies.filter((copy) => copy.id === id))
        const isNeeded = holders.length > 0 && lacking.length > 0
        if (copies.length !== (isNeeded ? 1 : 0)) return false
        if (isNeeded && copies[0]!.to.join() !== lacking.join()) return false
      }
      return true
    }),
  )
  t.pass()
})

test('nothing counts as one too many before all owners have it, and no owner gives its copy away', (t) => {
  fc.assert(
    fc.property(inventories, fc.constantFrom(...nodes), (held, self) =>
      planHealing(self, held, order).extras.every(({ id, owners }) => {
        return !owners.includes(self) && owners.length === COPIES && owners.every((node) => held.get(node)!.has(id))
      }),
    ),
  )
  t.pass()
})
