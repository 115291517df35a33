import { SeededRandom } from '@troupe/core'
import { type Assertions, behaviourContract, type TestFunction } from '@troupe/core/testing'
import test from 'ava'
import { drawLinks } from '../nemesis/draw-links.ts'
import { World } from './world.ts'

const SEEDS = [1, 2, 3, 4]

/** The world of the test that begins. */
let current: World | null = null

/**
 * Runs what a test promises once per seed, in a turn of a world of its own: whatever it waits for takes virtual time,
 * and the seed decides how fast the links are and who has the next turn.
 */
function onceEach(keep: (t: Assertions) => Promise<void>): (t: Assertions) => Promise<void> {
  return async (t) => {
    for (const seed of SEEDS) {
      // The suite says after some real time what it waits for in vain: that is no part of the run.
      const world = new World({ seed, trap: false, network: drawLinks(new SeededRandom(seed), false) })
      const kept = new Promise<void>((resolve) =>
        world.at(0, () => {
          current = world
          resolve(keep(t))
        }),
      )
      await world.during(kept, 600_000)
    }
  }
}

const overSeeds: TestFunction = Object.assign(
  (title: string, keep: (t: Assertions) => Promise<void>) => test(title, onceEach(keep)),
  { skip: (title: string, keep: (t: Assertions) => Promise<void>) => test.skip(title, onceEach(keep)) },
)

behaviourContract(overSeeds, 'simulated', async () => {
  const world = current!
  world.add('there', (node) => node.createSystem())
  world.add('here', (node) => node.createSystem())
  const [there, here] = await Promise.all([world.boot('there'), world.boot('here')])
  await here.system.connect(there.address)
  return {
    here: here.system,
    there: there.system,
    encoded: true,
    close: async () => void (await Promise.all([here.system.stop(), there.system.stop()])),
  }
})
