import { createHook } from 'node:async_hooks'
import type { Ref } from '@troupe/core'
import { within } from '@troupe/testkit'
import test from 'ava'
import { group, LeastConnections, pool } from './index.ts'
import { type RouterStage, routerStage, Work } from './router.contract.ts'

const strategy = new LeastConnections()
const routers: Record<string, (stage: RouterStage) => Ref<Work>> = {
  pool: ({ system, definition }) => system.spawn(pool(definition, { size: 2, strategy })),
  'a group that follows': ({ system, definition }) => {
    system.register(Work, system.spawn(definition))
    return system.spawn(group({ follow: Work }, { strategy }))
  },
}

for (const [name, start] of Object.entries(routers)) {
  // One after the other, or the promises of other tests would count.
  test.serial(`a routed tell makes no promise: ${name}`, async (t) => {
    const stage = await routerStage()
    const [one, hundred] = await promisesOfTells(stage, start(stage))

    t.true(one > 0, 'the test itself makes some')
    t.is(hundred, one)
  })
}

/** How many promises one tell makes on its way through a router that has begun, and how many a hundred make. */
async function promisesOfTells({ runtime }: RouterStage, router: Ref<Work>): Promise<[one: number, hundred: number]> {
  await within(runtime, router.ask('who'))
  const send = async (notes: number): Promise<void> => {
    for (let i = 0; i < notes; i++) router.tell('note', '')
    await runtime.settle()
  }
  await send(1)
  return [await promisesMade(() => send(1)), await promisesMade(() => send(100))]
}

async function promisesMade(work: () => Promise<void>): Promise<number> {
  let made = 0
  const hook = createHook({ init: (_id, type) => void (made += type === 'PROMISE' ? 1 : 0) }).enable()
  await work()
  hook.disable()
  return made
}
