import { pathToFileURL } from 'node:url'
import type { Scenario, simulate } from '@troupe/testkit'
import test from 'ava'
import { isSlow } from '../../scripts/slow-suite.ts'
import { buildPlanted } from './build.ts'
import { catalogue } from './catalogue.ts'
import type { Mutant, setPlanted } from './mutant.ts'

interface Bundled {
  readonly simulate: typeof simulate
  readonly setPlanted: typeof setPlanted
  readonly scenarios: readonly Scenario[]
}

async function load(mutants: readonly Mutant[], run: (bundled: Bundled) => Promise<void>): Promise<void> {
  const bundle = await buildPlanted('bundled.ts', mutants)
  try {
    await run((await import(pathToFileURL(bundle.file).href)) as Bundled)
  } finally {
    bundle.remove()
  }
}

async function hashes({ simulate, scenarios }: Bundled): Promise<string[]> {
  const found: string[] = []
  for (const scenario of isSlow ? scenarios : scenarios.slice(0, 3)) {
    const { hash, violations } = await simulate({ scenario, seed: 1, durationMs: 300 })
    found.push(`${scenario.name} ${hash} ${violations.length}`)
  }
  return found
}

test('a planted build with all switches off does what one without any mutant does; with one on, its bug', async (t) => {
  const name = 'mailbox-one-too-many'
  const mutants = isSlow ? catalogue : catalogue.filter((mutant) => mutant.name === name)
  const plain: string[] = []
  await load([], async (bundled) => void plain.push(...(await hashes(bundled))))
  await load(mutants, async (bundled) => {
    t.deepEqual(await hashes(bundled), plain)

    const mailboxes = bundled.scenarios.find((scenario) => scenario.name === 'mailboxes')!
    bundled.setPlanted(name)
    const run = await bundled.simulate({ scenario: mailboxes, seed: 2 })
    bundled.setPlanted(null)
    t.is(run.violations[0]?.name, 'invariant')
  })
})
