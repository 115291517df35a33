import { SeededRandom } from '@troupe/core'
import test from 'ava'
import { EventLoop } from './event-loop.ts'
import { Host } from './host.ts'
import { Process } from './process.ts'
import { simulatedRuntime } from './simulated-runtime.ts'
import { Trace } from './trace.ts'
import { VirtualClock } from './virtual-clock.ts'

interface Outcome {
  readonly order: string
  readonly hash: string
  readonly faults: string[]
}

/** Turns, deferred work and promises of one process that wake one another; some of them fail. */
async function run(drainsJobs: boolean): Promise<Outcome> {
  const trace = new Trace(false)
  const faults: string[] = []
  const host = new Host(() => {}, drainsJobs)
  const loop = new EventLoop(trace, (error, what) => faults.push(`${what} ${String(error)}`), host)
  const random = new SeededRandom(5)
  const process = new Process('a', 1, new VirtualClock(loop, 0), random.stream('ties'))
  const { scheduler } = simulatedRuntime(loop, process, random, true)
  let order = ''
  const turn = (name: string): void => {
    order += name
    scheduler.defer(() => {
      order += 'd'
      void Promise.resolve().then(() => {
        order += 'p'
      })
    })
    void wait(name)
    if (name === '5') throw new Error('turn')
  }
  const wait = async (name: string): Promise<void> => {
    for (let i = 0; i < 3; i++) await null
    order += 'w'
    if (name === '7') throw new Error('promise')
  }
  for (let i = 0; i < 10; i++) scheduler.after(i % 3, () => turn(String(i)))
  await loop.run(10_000, () => false)
  return { order, hash: trace.hash, faults }
}

test('where promise jobs cannot be done on the stack, turns of the host do the same, one turn at a time', async (t) => {
  const fast = await run(true)
  let slow = await run(false)
  // Turns of the host are those of all on this thread: a system of another test file may come to its end between them.
  for (let again = 0; again < 20 && slow.faults.some((fault) => fault.includes('AmbientCallError')); again++) {
    slow = await run(false)
  }

  t.deepEqual(slow, fast)
  t.is(fast.order.length, 10 * 4)
  t.deepEqual(fast.faults.toSorted(), ['uncaught-exception Error: turn', 'unhandled-rejection Error: promise'])
})
