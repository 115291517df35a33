/** Asks that ask: nobody works longer than somebody waits, nobody waits for himself, and circles have names. */
import { actor, createSystem, oneForOne, protocol, type Ref } from '@troupe/core'
import { manualRuntime } from '@troupe/core/testing'

interface Shop {
  order: (item: string) => Promise<string>
  self: () => Promise<string>
  partner: (shop: Ref<Shop>) => void
  settle: () => Promise<string>
}
const Shop = protocol<Shop>('shop')

const time = manualRuntime()
const stock = actor('stock', () => ({
  take: async (item: string) => {
    await new Promise<void>((resolve) => void time.scheduler.after(800, resolve))
    return `one ${item}`
  },
}))

const shop = actor(Shop, (ctx) => {
  const supplies = ctx.spawn(stock)
  let partner: Ref<Shop> | null = null
  return {
    order: async (item) => {
      await null
      return ctx.ask(supplies, 'take', item) // at any time: no longer than whoever ordered waits
    },
    self: () => ctx.ask(ctx.self, 'order', 'tea'),
    partner: (other) => void (partner = other),
    settle: () => ctx.ask(partner!, 'settle'),
  }
})

const system = await createSystem({ name: 'deadlines', runtime: time, log: false })
system.events.subscribe((event) => {
  if (event.type === 'late-reply') console.log(`late by ${event.lateMs} ms: ${event.message}`)
  if (event.type === 'ask-cycle') console.log(`a circle: ${event.paths.join(' > ')}`)
})
const supervise = oneForOne({ decide: () => 'resume' }) // a failed ask fails its handler, not the shop
const [a, b] = ['a', 'b'].map((name) => system.spawn(shop, { name, supervise })) as [Ref<Shop>, Ref<Shop>]
a.tell('partner', b)
b.tell('partner', a)
const report = (what: string, ask: Promise<string>): Promise<void> =>
  ask
    .catch((error) => `${error.outcome}, ${(error.cause?.cause ?? error).reason}`)
    .then((end) => console.log(`${what}: ${end}`))
void report('in time', a.ask('order', 'tea', { timeoutMs: 1_000 }))
await time.advance(1_000)
void report('too slow', a.ask('order', 'tea', { timeoutMs: 500 }))
await time.advance(1_000)
void report('asks itself', a.ask('self'))
await time.advance(10)
void report('in a circle', a.ask('settle', undefined, { timeoutMs: 300 }))
await time.advance(6_000)
