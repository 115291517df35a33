/** An actor that is not ready, or busy: a stash, a task, a timer with a key, and questions that need not wait. */
import { actor, createSystem, type Handlers, protocol } from '@troupe/core'
import { manualRuntime } from '@troupe/core/testing'

interface Prices {
  get: (item: string) => number
  size: () => number
  loaded: (rows: ReadonlyMap<string, number>) => void
  reload: () => Promise<void>
  changed: () => void
}
const Prices = protocol<Prices>('prices')

const time = manualRuntime() // with createSystem's own runtime all this takes some seconds
const say = (text: string): void => console.log(`${time.clock.now()} ms: ${text}`)

const prices = actor(
  Prices,
  (ctx) => {
    let rows: ReadonlyMap<string, number> = new Map()
    const load = (): Promise<ReadonlyMap<string, number>> =>
      new Promise((resolve) => void time.scheduler.after(1_000, () => resolve(new Map([['tea', rows.size + 3]]))))
    // Beside the mailbox: if it fails, so does this actor.
    ctx.task(async () => ctx.self.tell('loaded', await load()))
    const ready: Handlers<Prices> = {
      get: (item) => rows.get(item) ?? 0,
      size: () => rows.size,
      loaded: () => {},
      reload: async () => {
        rows = await load() // the mailbox waits, but not for `size`
        say('reloaded')
      },
      // Ten changes in a row are one reload, 500 ms after the last of them.
      changed: () => ctx.timer('reload').after(500, 'reload'),
    }
    const loading: Handlers<Prices> = {
      ...ready,
      get: () => ctx.stash(), // with whoever asks
      loaded: (all) => {
        rows = all
        ctx.become(ready)
        ctx.unstash()
      },
    }
    return loading
  },
  { interleave: ['size'] },
)

const system = await createSystem({ name: 'waiting', runtime: time, log: false })
const ref = system.spawn(prices)
ref.ask('get', 'tea').then((price) => say(`tea is ${price}: asked before the prices were there`))
await time.advance(2_000)
for (let i = 0; i < 10; i++) ref.tell('changed')
await time.advance(600)
ref.ask('get', 'tea').then((price) => say(`tea is ${price}: waited for the reload`))
ref.ask('size').then((size) => say(`${size} row: asked meanwhile, did not wait`))
await time.advance(2_000)
void system.stop()
