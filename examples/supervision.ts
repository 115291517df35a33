/** A worker that crashes is restarted by its parent, with all that depends on it; one crash too many, and they stop. */
import { actor, createSystem, type Deferred, oneForAll, protocol, type Ref } from '@troupe/core'

interface Divider {
  divide: (by: number) => number
}
const Divider = protocol<Divider>('divider')

const divider = actor(Divider, () => {
  console.log('  divider: starting')
  return {
    divide: (by) => {
      if (by === 0) throw new RangeError('division by zero')
      return 100 / by
    },
  }
})

const tally = actor('tally', () => {
  console.log('  tally: starting')
  return {}
})

interface Boss {
  worker: () => Ref<Divider>
  end: () => string
}
const Boss = protocol<Boss>('boss')

const boss = actor(Boss, (ctx) => {
  const together = oneForAll({ maxRestarts: 2, backoff: { minMs: 10, maxMs: 20 } })
  const worker = ctx.spawn(divider, { name: 'divider', supervise: together })
  ctx.spawn(tally, { name: 'tally', supervise: together }) // what it counts would be wrong after a crash of the other
  let waiting: Deferred<string> | null = null
  return {
    worker: () => worker,
    end: () => (waiting = ctx.reply<string>()), // answered below, when there is something to say
    childFailed: ({ ref, error }) => waiting?.resolve(`${ref.path}: ${error.message}`),
  }
})

const system = await createSystem({ name: 'supervision', log: false })
const top = system.spawn(boss, { name: 'boss' })
const worker = await top.ask('worker')
const end = top.ask('end')

for (const by of [4, 0, 5, 0, 8, 0]) {
  // A failed ask says what is known about its effect. A restart is invisible: the ref stays as it was.
  const answer = await worker.ask('divide', by).catch((error) => `${error.outcome}, ${error.reason}`)
  console.log(`100 / ${by} = ${answer}`)
}
console.log(`the third failure was one too many: ${await end}`)
console.log(await worker.ask('divide', 10).catch((error) => `100 / 10 = ${error.outcome}, ${error.reason}`))
await system.stop()
