import test from 'ava'
import { actor } from '../actor/actor.ts'
import { createSystem } from '../create-system.ts'
import { InvalidOptionError, SystemStoppedError } from '../errors.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { ProcessSignals, type SignalledProcess } from '../runtime/signals.ts'
import type { SystemEvent } from './events.ts'
import type { StopPhase } from './stop-phases.ts'
import type { SystemOptions } from './system-options.ts'

async function start(options: Partial<SystemOptions> = {}) {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false, ...options })
  const failed: Extract<SystemEvent, { type: 'stop-task-failed' }>[] = []
  system.events.subscribe((event) => event.type === 'stop-task-failed' && failed.push(event))
  const steps: string[] = []
  return { runtime, system, failed, steps }
}

test('a stop goes through its phases in fixed order, whatever the order in which their tasks were added', async (t) => {
  const { runtime, system, steps } = await start()
  const echo = system.spawn(
    actor('echo', (ctx) => {
      ctx.onStop(() => void steps.push('actor'))
      return { echo: (value: string) => value }
    }),
  )
  system.onStop('connections-closed', 'files', () => void steps.push('connections-closed'))
  system.onStop('actors-stopped', 'leave', () => void steps.push('actors-stopped'))
  system.onStop('before-stop', 'drain', async () => void steps.push(await echo.ask('echo', 'before-stop')))

  const stopped = system.stop()
  t.throws(() => system.spawn(actor('late', () => ({}))), { instanceOf: SystemStoppedError })
  await runtime.settle()
  await stopped

  t.deepEqual(steps, ['before-stop', 'actor', 'actors-stopped', 'connections-closed'])
})

test('tasks of one phase run side by side, and the next phase waits for all of them', async (t) => {
  const { runtime, system, steps } = await start()
  const wait = (ms: number, name: string) => (): Promise<void> =>
    new Promise((resolve) => {
      steps.push(`${name} begins`)
      runtime.scheduler.after(ms, () => {
        steps.push(`${name} at ${runtime.clock.now()}`)
        resolve()
      })
    })
  system.onStop('before-stop', 'slow', wait(300, 'slow'))
  system.onStop('before-stop', 'quick', wait(100, 'quick'))
  system.onStop('actors-stopped', 'next', wait(0, 'next'))

  const stopped = system.stop()
  await runtime.advance(300)
  await stopped

  t.deepEqual(steps, ['slow begins', 'quick begins', 'quick at 100', 'slow at 300', 'next begins', 'next at 300'])
})

test('a task that throws, rejects or takes longer than 5 s is reported and passed over', async (t) => {
  const { runtime, system, failed, steps } = await start()
  system.onStop('before-stop', 'throws', () => {
    throw new Error('thrown')
  })
  system.onStop('before-stop', 'rejects', () => Promise.reject(new Error('rejected')))
  system.onStop('before-stop', 'hangs', () => new Promise<void>(() => {}))
  system.onStop(
    'actors-stopped',
    'rejects late',
    () => new Promise<void>((_, reject) => void runtime.scheduler.after(6_000, () => reject(new Error('late')))),
  )
  system.onStop('connections-closed', 'last', () => void steps.push(`last at ${runtime.clock.now()}`))

  const stopped = system.stop()
  await runtime.advance(20_000)
  await stopped

  t.deepEqual(steps, ['last at 10000'])
  t.deepEqual(
    failed.map(({ phase, task, error }) => `${phase} ${task}: ${error.message}`),
    [
      'before-stop throws: thrown',
      'before-stop rejects: rejected',
      'before-stop hangs: "hangs" took longer than 5000 ms',
      'actors-stopped rejects late: "rejects late" took longer than 5000 ms',
    ],
  )
})

test('stopPhaseTimeoutMs sets the limit of a phase', async (t) => {
  const { runtime, system, failed } = await start({ stopPhaseTimeoutMs: 50 })
  system.onStop('before-stop', 'hangs', () => new Promise<void>(() => {}))
  let stoppedAt = -1
  void system.stop().then(() => {
    stoppedAt = runtime.clock.now()
  })

  await runtime.advance(1_000)

  t.is(failed.length, 1)
  t.is(stoppedAt, 50)
})

test('a transport that does not close in time is passed over', async (t) => {
  const transport = {
    listen: async () => '',
    dial: () => Promise.reject(new Error('no')),
    close: () => new Promise<void>(() => {}),
  }
  const { runtime, system, failed } = await start({ transport: transport as never })

  const stopped = system.stop()
  await runtime.advance(5_000)
  await stopped

  t.deepEqual(
    failed.map(({ phase, task }) => [phase, task]),
    [['connections', 'transport']],
  )
})

test('a task taken back is not run; one for a phase that is over, or that does not exist, is refused', async (t) => {
  const { runtime, system, steps } = await start()
  const takeBack = system.onStop('before-stop', 'a', () => void steps.push('a'))
  takeBack()
  system.onStop('before-stop', 'b', () => {
    system.onStop('actors-stopped', 'c', () => void steps.push('c'))
    t.throws(() => system.onStop('before-stop', 'd', () => {}), { instanceOf: SystemStoppedError })
    void system.stop()
  })
  t.throws(() => system.onStop('later' as StopPhase, 'x', () => {}), { instanceOf: InvalidOptionError })

  const stopped = system.stop()
  await runtime.settle()
  await stopped

  t.deepEqual(steps, ['c'])
})

// Signals; with a real process in signals.test.ts

class FakeProcess implements SignalledProcess {
  readonly listeners: (readonly [name: string, listener: () => void])[] = []
  readonly statuses: number[] = []

  on(name: string, listener: () => void): void {
    this.listeners.push([name, listener])
  }

  off(name: string, listener: () => void): void {
    const at = this.listeners.findIndex((other) => other[0] === name && other[1] === listener)
    if (at !== -1) this.listeners.splice(at, 1)
  }

  exit(status: number): void {
    this.statuses.push(status)
  }

  signal(name: string): void {
    for (const [other, listener] of [...this.listeners]) if (other === name) listener()
  }
}

async function signalled(options: Partial<SystemOptions> = {}) {
  const process = new FakeProcess()
  const runtime = { ...manualRuntime(), signals: new ProcessSignals(process) }
  return { ...(await start({ runtime, stopOnSignals: true, ...options })), process, runtime }
}

test('at the first signal the system stops, and the process ends with status 0 when all ended in order', async (t) => {
  const { process, runtime, system } = await signalled()
  let stopped = false
  system.onStop('connections-closed', 'see', () => {
    stopped = true
  })

  process.signal('SIGINT')
  t.deepEqual(process.statuses, [])
  await runtime.settle()

  t.true(stopped)
  t.deepEqual(process.statuses, [0])
})

test('at a second signal the process ends at once with status 1', async (t) => {
  const { process, runtime, system } = await signalled()
  system.onStop('before-stop', 'hang', () => new Promise<void>(() => {}))

  process.signal('SIGTERM')
  await runtime.settle()
  process.signal('SIGTERM')

  t.deepEqual(process.statuses, [1])
})

test('a stop in which anything was killed or passed over ends the process with status 1', async (t) => {
  const stuck = actor('stuck', () => ({ hang: () => new Promise<void>(() => {}) }))
  for (const [reason, arrange] of [
    ['killed', (system) => void system.spawn(stuck).tell('hang')],
    ['passed over', (system) => void system.onStop('before-stop', 'bad', () => Promise.reject(new Error('bad')))],
  ] as const satisfies readonly (readonly [string, (system: Awaited<ReturnType<typeof start>>['system']) => void])[]) {
    const { process, runtime, system } = await signalled()
    arrange(system)
    await runtime.settle()

    process.signal('SIGTERM')
    await runtime.advance(30_000)

    t.deepEqual(process.statuses, [1], reason)
  }
})

test('with several systems in a process it ends once all have stopped', async (t) => {
  const process = new FakeProcess()
  const runtime = { ...manualRuntime(), signals: new ProcessSignals(process) }
  await createSystem({ name: 'a', runtime, log: false, stopOnSignals: true })
  const b = await createSystem({ name: 'b', runtime, log: false, stopOnSignals: ['SIGTERM'] })
  b.onStop('before-stop', 'slow', () => new Promise((resolve) => void runtime.scheduler.after(1_000, resolve)))

  process.signal('SIGTERM')
  await runtime.advance(999)
  t.deepEqual(process.statuses, [])
  await runtime.advance(1)

  t.deepEqual(process.statuses, [0])
})

test('a system that was stopped listens to signals no more', async (t) => {
  const { process, runtime, system } = await signalled()
  t.is(process.listeners.length, 2)

  const stopped = system.stop()
  await runtime.settle()
  await stopped

  t.deepEqual(process.listeners, [])
})

test('stopOnSignals is refused where there are no signals', async (t) => {
  await t.throwsAsync(start({ stopOnSignals: true }), { instanceOf: InvalidOptionError, message: /stopOnSignals/ })
  await t.notThrowsAsync(start({ stopOnSignals: false }))
})
