import test from 'ava'
import { actor } from '../actor/actor.ts'
import type { Actor } from '../actor/context.ts'
import { protocol } from '../actor/protocol.ts'
import { ActorRef } from '../actor/ref.ts'
import { createSystem } from '../create-system.ts'
import { FromPeer } from '../remoting/from-peer.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { TimerQueue } from '../runtime/timer-queue.ts'
import { Receptionist } from './receptionist.ts'
import { PeerChange, type ReceptionistSync, receptionistSync } from './receptionist-sync.ts'

const Room = protocol<object>('room')

/** Two receptionists on one system, each of which takes the other for one on another node; `lose` decides what arrives. */
async function two(lose: (name: string, payload: unknown) => boolean) {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false })
  const timers = new TimerQueue(runtime.clock, runtime.scheduler)
  const [here, there] = [new Receptionist(timers), new Receptionist(timers)]
  const visibility = { role: 'node', exposed: new Set<string>() } as const
  const names: string[] = []
  // Both say they are the system, as an actor of another node would not be listed for it.
  const syncs = [here, there].map((one) => system.spawn(receptionistSync(one, system.uid, visibility)))
  const way = (to: number) =>
    system.spawn({
      id: 'way',
      setup: (_context) => ({
        unhandled: (name: string, payload: unknown) => {
          names.push(name)
          const sync = syncs[to]!
          if (!lose(name, payload) && sync instanceof ActorRef)
            sync.deliver(name, new FromPeer(system.uid, payload), null)
        },
      }),
    } as Actor<never> as Actor<ReceptionistSync>)
  for (const [i, sync] of syncs.entries())
    sync.tell('peerChanged', new PeerChange(system.uid, way(1 - i), false, false))
  await runtime.advance(10)
  const register = () => {
    const ref = system.spawn(actor(Room, () => ({})))
    here.register(Room.id, ref)
    return ref
  }
  const listed = (): string =>
    there
      .remote(system.uid, Room.id)
      .map(({ id }) => id)
      .join()
  return { runtime, system, here, register, listed, names }
}

test('a change is told as what has changed, not as the whole list', async (t) => {
  const sizes: number[] = []
  const { runtime, register, here, listed, system } = await two((name, payload) => {
    if (name === 'update') {
      const { added, removed } = payload as { added: unknown[]; removed: unknown[] }
      sizes.push(added.length + removed.length)
    }
    return false
  })
  const refs = Array.from({ length: 20 }, register)
  await runtime.advance(10)
  here.unregister(refs[3]!)
  await runtime.advance(10)

  t.deepEqual(sizes, Array(21).fill(1))
  t.is(
    listed(),
    refs
      .filter((_, i) => i !== 3)
      .map(({ id }) => id)
      .join(),
  )
  await system.stop()
})

test('a change that is lost is noticed by the next one, and all is told again, once', async (t) => {
  let lost = 1
  const { runtime, register, listed, names, system } = await two((name) => name === 'update' && lost-- > 0)
  const refs = [register(), register(), register()]
  await runtime.advance(10)

  t.is(listed(), refs.map(({ id }) => id).join())
  t.is(names.filter((name) => name === 'again').length, 1)
  await system.stop()
})

test('the last change, if it is lost, is noticed within 10 s', async (t) => {
  let lost = 1
  const { runtime, register, listed, system } = await two((name) => name === 'update' && lost-- > 0)
  const ref = register()
  await runtime.advance(100)
  const before = listed()
  await runtime.advance(10_000)

  t.is(before, '')
  t.is(listed(), ref.id)
  await system.stop()
})
