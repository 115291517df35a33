import { type ActorSystem, actor, createSystem, protocol, type Ref } from '@troupe/core'
import { type ManualRuntime, manualRuntime, within } from '@troupe/testkit'
import test from 'ava'
import {
  activePassive,
  activePassiveGuarantee,
  Fence,
  type Fenced,
  fenced,
  type Grant,
  type Lease,
  lease,
  StaleEpochError,
} from './index.ts'

interface Register {
  write: (value: string) => void
  read: () => string | null
}
const Register = protocol<Register>('register')
const register = actor(Register, () => {
  let value: string | null = null
  return {
    write: (next) => {
      value = next
    },
    read: () => value,
  }
})

interface Writer {
  save: (text: string) => number
  /** Begins, and goes on when the test lets it: a process that was paused. */
  saveLate: (text: string) => string
}
const Writer = protocol<Writer>('writer')

test('a lease has one owner at a time, and each grant a higher epoch', async (t) => {
  const { runtime, system } = await stage()
  const ref = system.spawn(lease())
  const acquire = (owner: string): Promise<Grant> => within(runtime, ref.ask('acquire', { owner, ttlMs: 100 }))

  t.like(await acquire('a'), { granted: true, epoch: 1 })
  t.like(await acquire('b'), { granted: false, owner: 'a', epoch: 1, remainingMs: 100 })
  await runtime.advance(100)
  t.like(await acquire('b'), { granted: true, owner: 'b', epoch: 2 })
  t.like(await acquire('b'), { granted: true, epoch: 3 }, 'a new run of the same owner is not the old one')
})

test('a renewal extends the latest grant only, and a late release evicts nobody', async (t) => {
  const { runtime, system } = await stage()
  const ref = system.spawn(lease())
  await within(runtime, ref.ask('acquire', { owner: 'a', ttlMs: 100 }))
  await runtime.advance(90)

  t.true((await within(runtime, ref.ask('renew', { owner: 'a', epoch: 1, ttlMs: 100 }))).granted)
  await runtime.advance(90)
  t.false((await within(runtime, ref.ask('acquire', { owner: 'b', ttlMs: 100 }))).granted)
  await runtime.advance(20)
  await within(runtime, ref.ask('acquire', { owner: 'b', ttlMs: 100 }))
  await within(runtime, ref.ask('release', { owner: 'a', epoch: 1 }))
  t.false((await within(runtime, ref.ask('renew', { owner: 'a', epoch: 1, ttlMs: 100 }))).granted)
  t.true((await within(runtime, ref.ask('renew', { owner: 'b', epoch: 2, ttlMs: 100 }))).granted)
})

test('epochs go on rising over a restart of the lease that has a storage', async (t) => {
  const { runtime, system } = await stage()
  let saved = 0
  const storage = { load: () => saved, save: (epoch: number) => void (saved = epoch) }
  const first = system.spawn(lease(storage))
  await within(runtime, first.ask('acquire', { owner: 'a', ttlMs: 100 }))
  await within(runtime, system.stop(first))

  t.like(await within(runtime, system.spawn(lease(storage)).ask('acquire', { owner: 'b', ttlMs: 100 })), { epoch: 2 })
})

test('a fence admits equal and higher epochs, and refuses lower ones with STALE_EPOCH', (t) => {
  const fence = new Fence()
  for (const epoch of [1, 1, 3, 3]) fence.admit(epoch)

  const error = t.throws(() => fence.admit(2), { instanceOf: StaleEpochError })
  t.like(error, { code: 'STALE_EPOCH', epoch: 2, current: 3 })
  t.is(fence.highest, 3)
})

test('one candidate is active; when it is lost a standby takes over within the lease and a third', async (t) => {
  const { runtime, system, candidate } = await pair()
  const [a, b] = [candidate('a'), candidate('b')]
  await runtime.settle()
  t.like(await within(runtime, a.ask('$status')), { active: true, epoch: 1 })
  t.like(await within(runtime, b.ask('$status')), { active: false })
  t.is(await within(runtime, a.ask('save', 'x')), 1)
  t.like(await t.throwsAsync(within(runtime, b.ask('save', 'x'))), { cause: { causeCode: 'NOT_ACTIVE' } })

  await runtime.advance(30_000)
  t.like(await within(runtime, a.ask('$status')), { active: true, epoch: 1 }, 'it renews in time')
  await within(runtime, system.stop(a))
  await runtime.advance(4_000)

  t.is(await within(runtime, b.ask('save', 'y')), 2)
})

test('a candidate that cannot reach the lease stops its service when its time is over', async (t) => {
  const { runtime, system, candidate, guard } = await pair()
  const a = candidate('a')
  await runtime.settle()
  await within(runtime, system.stop(guard))

  await runtime.advance(1_000)
  t.is(await within(runtime, a.ask('save', 'x')), 1)
  await runtime.advance(2_000)
  t.like(await t.throwsAsync(within(runtime, a.ask('save', 'x'))), { cause: { causeCode: 'NOT_ACTIVE' } })
})

test('an old active that was paused past its lease is refused at the resource', async (t) => {
  const { runtime, resource, candidate, guard, unpause } = await pair()
  const [a, b] = [candidate('a'), candidate('b')]
  await runtime.settle()
  const paused = a.ask('saveLate', 'from the old one', { timeoutMs: 60_000 })
  await runtime.settle()

  // The lease gives its place away, as it does when no renewal comes for its time.
  await within(runtime, guard.ask('release', { owner: 'a', epoch: 1 }))
  await runtime.advance(2_000)
  t.is(await within(runtime, b.ask('save', 'from the new one')), 2)
  unpause()
  await runtime.settle()
  await paused.catch(() => {})

  t.is(await within(runtime, resource.ask('read', { epoch: 2 })), 'from the new one')
  t.deepEqual(refusals, ['STALE_EPOCH'])
  t.is(
    activePassiveGuarantee.acknowledged,
    'The service of the active candidate has handled it, in the epoch of its lease.',
  )
})

test('a fenced resource refuses requests without an epoch, and answers as the resource does', async (t) => {
  const { runtime, system } = await stage()
  const ref: Ref<Fenced<Register>> = system.spawn(fenced(register, { highest: 5 }))

  await within(runtime, ref.ask('write', { epoch: 5, payload: 'x' }))
  t.is(await within(runtime, ref.ask('read', { epoch: 6 })), 'x')
  t.like(await t.throwsAsync(within(runtime, ref.ask('write', { epoch: 5, payload: 'y' }))), {
    cause: { causeCode: 'STALE_EPOCH' },
  })
})

async function stage(): Promise<{ runtime: ManualRuntime; system: ActorSystem }> {
  const runtime = manualRuntime()
  return { runtime, system: await createSystem({ name: 'test', runtime, log: false }) }
}

/** What the resource answered to the write of the paused one. */
const refusals: string[] = []

/** A fenced resource, a lease, and candidates whose service writes to the resource in its epoch. */
async function pair() {
  const { runtime, system } = await stage()
  const resource = system.spawn(fenced(register))
  const guard = system.spawn(lease())
  let unpause = (): void => {}
  const pause = new Promise<void>((resolve) => {
    unpause = resolve
  })
  const service = (epoch: number) =>
    actor(Writer, () => ({
      save: (text) => resource.ask('write', { epoch, payload: text }).then(() => epoch),
      saveLate: async (text) => {
        await pause
        return resource.ask('write', { epoch, payload: text }).then(
          () => 'written',
          (error) => {
            refusals.push(error.cause.causeCode)
            return 'refused'
          },
        )
      },
    }))
  const candidate = (owner: string) => system.spawn(activePassive({ lease: guard, owner, service }), { name: owner })
  return { runtime, system, resource, guard: guard as Ref<Lease>, candidate, unpause: () => unpause() }
}
