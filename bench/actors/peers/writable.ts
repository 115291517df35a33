import { once } from 'node:events'
import { Writable } from 'node:stream'
import { Gate, type Pass, type Runtime } from '../runtime.ts'
import { CAPACITY, type Size } from '../workloads.ts'

/**
 * Node's own bounded queue: a stream of objects whose `write` says when to wait for `drain`. Each item is done in
 * a turn of its own: done at once, it would never be queued. (With `writev`, which takes all there is, it is 3x this.)
 */
function bounded({ each }: Size): Pass {
  const gate = new Gate()
  const stream = consumer(gate, each)
  return () => gate.pass(() => void produce(stream, each))
}

async function produce(stream: Writable, items: number): Promise<void> {
  for (let i = 0; i < items; i++) if (!stream.write(i)) await once(stream, 'drain')
}

function consumer(gate: Gate, items: number): Writable {
  let count = 0
  return new Writable({
    objectMode: true,
    highWaterMark: CAPACITY,
    write(_item, _encoding, done) {
      if (++count === items) {
        gate.open(count)
        count = 0
      }
      process.nextTick(done)
    },
  })
}

export const runtime: Runtime = { workloads: { bounded } }
