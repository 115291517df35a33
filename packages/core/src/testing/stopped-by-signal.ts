/** A node in a process of its own that stops at signals. First argument: how long its one handler takes, in ms, or `forever`. */
import { actor } from '../actor/actor.ts'
import { createSystem } from '../create-system.ts'

const handlerMs = process.argv[2] === 'forever' ? null : Number(process.argv[2])
const say = (what: string): void => void process.send?.(what)

const worker = actor('worker', (ctx) => {
  ctx.onStop(() => say('clean-up ran'))
  return {
    work: async () => {
      say('handler began')
      await new Promise<void>((resolve) => {
        if (handlerMs !== null) ctx.signal.addEventListener('abort', () => setTimeout(resolve, handlerMs))
      })
      say('handler ended')
    },
  }
})

// A machine that is busy must not make a handler that ends look like one that hangs.
const stopTimeoutMs = handlerMs === null ? 300 : 10_000
const system = await createSystem({ name: 'child', log: false, stopOnSignals: true, stopTimeoutMs })
system.events.subscribe(({ type }) => type === 'actor-killed' && say(type))
system.onStop('connections-closed', 'say', () => say('stopped'))
system.spawn(worker).tell('work')
// Something that would keep the process alive.
setInterval(() => {}, 1_000)
