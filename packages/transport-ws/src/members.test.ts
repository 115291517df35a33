import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { MembershipOptions } from '@troupe/core'
import test from 'ava'
import { bundlePrograms } from '../../../scripts/bundle-programs.ts'
import { killMembers, MemberProcess, sharedNowMs } from './testing/member-process.ts'

/** Short, so that the tests are, but longer than a busy machine holds up a process. */
const membership: MembershipOptions = {
  probePeriodMs: 200,
  suspicionPeriods: 3,
  stableAfterMs: 600,
  removeAfterMs: 200,
  aloneAfterMs: 1_000,
  minMembers: 3,
}
const times = { heartbeatMs: 200, disconnectGraceMs: 1_000, reconnectMinMs: 20 }

const programs = await bundlePrograms([fileURLToPath(new URL('./testing/member.ts', import.meta.url))])
test.after.always(async () => {
  await killMembers()
  programs.remove()
})

function start(name: string, seeds: readonly string[]): Promise<MemberProcess> {
  return MemberProcess.start(programs.path('member.ts'), { ...times, name, port: 0, seeds, membership })
}

/** Waits until each of them sees that. @returns how long it took each, in ms */
function allSee(members: readonly MemberProcess[], event: string, about: string, sinceMs: number): Promise<number[]> {
  return Promise.all(members.map((member) => member.sees(event, about, sinceMs)))
}

// One after the other in one cluster: each process costs a quarter of a second of CPU.

let a: MemberProcess
let b: MemberProcess
let c: MemberProcess
let d: MemberProcess

test.serial.before(async () => {
  a = await start('a', [])
  ;[b, c, d] = await Promise.all([start('b', [a.address]), start('c', [a.address]), start('d', [a.address])])
  for (const { name } of [a, b, c, d]) await allSee([a, b, c, d], 'member-up', name, 0)
})

test.serial(
  'a process that gets SIGTERM leaves in order: leaving, down, removed, and never out of reach',
  async (t) => {
    const sinceMs = sharedNowMs()
    d.process.kill('SIGTERM')

    t.is(await d.exited, 0)
    await allSee([a, b, c], 'member-removed', 'd', sinceMs)
    const seen = [a, b, c].map(({ sightings }) =>
      sightings.filter(({ about, event }) => about === 'd' && event.startsWith('member-')).map(({ event }) => event),
    )
    // One may hear of the end from another one, before it hears from the member itself that this was to come.
    t.true(seen.some((events) => events.includes('member-leaving')))
    for (const events of seen) {
      t.deepEqual(events.slice(-2), ['member-down', 'member-removed'])
      t.false(events.includes('member-unreachable'))
    }
  },
)

test.serial('a process whose event loop is blocked for a while is not down, and accuses nobody (law 15)', async (t) => {
  const sinceMs = sharedNowMs()
  c.tell({ blockMs: 600 })
  await c.until('the end of it', () => c.blockedUntilMs > sinceMs)
  await sleep(600)

  for (const member of [a, b]) t.is(member.sawAfterMs('member-down', 'c', sinceMs), null, member.name)
  for (const { name } of [a, b]) t.is(c.sawAfterMs('member-suspected', name, sinceMs), null)
})

test.serial(
  'a process that is paused for longer is down, ends when it goes on, and comes back as another member',
  async (t) => {
    let sinceMs = sharedNowMs()
    c.process.kill('SIGSTOP')
    await allSee([a, b], 'member-down', 'c', sinceMs)
    c.process.kill('SIGCONT')

    t.is(await c.exited, 0)
    for (const { name } of [a, b]) t.is(c.sawAfterMs('member-down', name, sinceMs), null)
    sinceMs = sharedNowMs()
    const { uid } = c
    c = await start('c', [a.address])
    await allSee([a, b, c], 'member-up', 'c', sinceMs)
    t.not(c.uid, uid)
  },
)

test.serial('a process that gets SIGKILL: its connections are lost at once, and then it is down for all', async (t) => {
  const sinceMs = sharedNowMs()
  await c.kill()
  const lostMs = await allSee([a, b], 'peer-lost', 'c', sinceMs)
  await allSee([a, b], 'member-down', 'c', sinceMs)

  t.true(Math.max(...lostMs) < 1_000, `${lostMs} ms`)
})
