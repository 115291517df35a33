/** A worker that crashes is restarted by its parent; one that crashes too often stops, and its parent hears of it. */
import { actor, createSystem, oneForOne, protocol, type Ref, type Terminated } from '@troupe/core'

interface Divider {
  divide: (by: number) => number
}
const Divider = protocol<Divider>('divider')

const divider = actor(Divider, (ctx) => {
  console.log('  divider: starting')
  ctx.onStop(() => console.log('  divider: stopping'))
  return {
    divide: (by) => {
      if (by === 0) throw new RangeError('division by zero')
      return 100 / by
    },
  }
})

interface Boss {
  worker: () => Ref<Divider>
  workerGone: (notice: Terminated) => void
}
const Boss = protocol<Boss>('boss')

const boss = actor(Boss, (ctx) => {
  const twice = oneForOne({ maxRestarts: 2, backoff: { minMs: 10, maxMs: 20 } })
  const worker = ctx.spawn(divider, { name: 'divider', supervise: twice })
  ctx.watch(worker, 'workerGone')
  return {
    worker: () => worker,
    workerGone: ({ reason }) => {
      console.log(`boss: the worker is gone, reason: ${reason}`)
      ctx.stop()
    },
  }
})

const system = await createSystem({ name: 'supervision', log: false })
const top = system.spawn(boss, { name: 'boss' })
const worker = await top.ask('worker')

for (const by of [4, 0, 5, 0, 8, 0, 10]) {
  // A failed ask says what is known about its effect; the restart itself is invisible to the asker.
  const answer = await worker.ask('divide', by).catch((error) => `${error.outcome}, ${error.reason}`)
  console.log(`100 / ${by} = ${answer}`)
}
await system.stop()
