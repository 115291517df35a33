import { createHook } from 'node:async_hooks'
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** How many promises are made while `work` runs, by anybody. */
export async function promisesMade(work: () => Promise<void>): Promise<number> {
  let made = 0
  const hook = createHook({
    init(_id, type) {
      if (type === 'PROMISE') made++
    },
  })
  hook.enable()
  try {
    await work()
  } finally {
    hook.disable()
  }
  return made
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/**
 * How many bytes `work` allocates: the growth of the heap while nothing is collected. The least of several
 * attempts, because compilers and timers of the process allocate too.
 *
 * @param work short enough that the young generation does not fill up, or no attempt counts
 * @throws {Error} when garbage was collected during every attempt
 */
export async function bytesAllocated(work: () => Promise<void>, attempts = 10): Promise<number> {
  let collections = 0
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length
  })
  observer.observe({ entryTypes: ['gc'] })
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < attempts; i++) {
    collectGarbage()
    await turn()
    collections = 0
    const before = getHeapStatistics().used_heap_size
    await work()
    const grown = getHeapStatistics().used_heap_size - before
    // Collections are reported late.
    await turn()
    if (collections === 0 && grown >= 0) least = Math.min(least, grown)
  }
  observer.disconnect()
  if (least === Number.POSITIVE_INFINITY) throw new Error('garbage was collected during every attempt: do less at once')
  return least
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5))
}
