import test from 'ava'
import { manualRuntime } from '../runtime/manual.ts'
import { TimerQueue } from '../runtime/timer-queue.ts'
import { SeedFinder } from './seed-finder.ts'

/** A finder whose looks end one after the other in these ways, and what it has found. */
async function found(...looks: readonly (() => unknown)[]): Promise<unknown[]> {
  const time = manualRuntime()
  const seen: unknown[] = []
  let look = 0
  const discovery = { name: 'odd', lookup: () => looks[look++ % looks.length]!() as Promise<string[]> }
  const finder = new SeedFinder(discovery, new TimerQueue(time.clock, time.scheduler), {
    periodMs: 1_000,
    random: time.random.stream('seeds'),
    isSearching: () => true,
    found: (addresses, failure) => void seen.push(addresses ?? String(failure)),
  })
  finder.start()
  await time.advance(1_200 * looks.length)
  finder.stop()
  return seen
}

test('a look that brings anything else than a list of addresses is a failure, and the next one is made', async (t) => {
  const odd = [undefined, null, 'memory://a', 7, [1], [''], [undefined], { length: 3 }, new Set(['memory://a'])]
  const seen = await found(...odd.map((answer) => () => Promise.resolve(answer)), () => ['memory://a'])

  t.deepEqual(seen.slice(odd.length, odd.length + 1), [['memory://a']])
  for (const failure of seen.slice(0, odd.length)) t.regex(String(failure), /an array of addresses, none empty/)
})

test('4,096 addresses are followed; more are a failure, in words', async (t) => {
  const many = Array.from({ length: 4_097 }, (_, n) => `memory://${n}`)
  const [most, tooMany] = await found(
    () => Promise.resolve(many.slice(1)),
    () => Promise.resolve(many),
  )

  t.is((most as string[]).length, 4_096)
  t.regex(String(tooMany).slice(0, 80), /4097 addresses, where 4,096 are the limit/)
})
