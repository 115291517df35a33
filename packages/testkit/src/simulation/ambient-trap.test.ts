import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { existsSync, promises } from 'node:fs'
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import os from 'node:os'
import timers from 'node:timers'
import timersPromises from 'node:timers/promises'
import { deflate } from 'node:zlib'
import test from 'ava'
import { AmbientCallError } from './simulation-error.ts'
import { World } from './world.ts'

/** Each calls, on a line of its own, what no seed decides. */
const AMBIENT: Record<string, () => unknown> = {
  'Date.now()': () => Date.now(),
  'new Date()': () => new Date(),
  'Date()': () => Date(),
  'performance.now()': () => performance.now(),
  'performance.timeOrigin': () => performance.timeOrigin,
  'performance.nodeTiming': () => performance.nodeTiming,
  'event.timeStamp': () => new Event('late').timeStamp,
  'process.hrtime()': () => process.hrtime(),
  'process.hrtime.bigint()': () => process.hrtime.bigint(),
  'process.uptime()': () => process.uptime(),
  'performance.mark()': () => performance.mark('here'),
  'process.cpuUsage()': () => process.cpuUsage(),
  'process.memoryUsage()': () => process.memoryUsage(),
  'process.memoryUsage.rss()': () => process.memoryUsage.rss(),
  'os.freemem()': () => os.freemem(),
  'Intl.DateTimeFormat format()': () => new Intl.DateTimeFormat('en').format(),
  'Intl.DateTimeFormat formatToParts()': () => new Intl.DateTimeFormat('en').formatToParts(),
  'WeakRef.deref()': () => new WeakRef({}).deref(),
  'FinalizationRegistry.register()': () => new FinalizationRegistry(() => {}).register({}, 1),
  'Atomics.wait()': () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1),
  'scheduler.wait()': () => timersPromises.scheduler.wait(1),
  'crypto.generateKeyPairSync()': () => generateKeyPairSync('ed25519'),
  'http.request()': () => http.request('http://localhost'),
  'Math.random()': () => Math.random(),
  'crypto.randomUUID()': () => crypto.randomUUID(),
  'crypto.getRandomValues()': () => crypto.getRandomValues(new Uint8Array(1)),
  'setTimeout()': () => setTimeout(() => {}, 1),
  'setInterval()': () => setInterval(() => {}, 1),
  'setImmediate()': () => setImmediate(() => {}),
  'timers.setTimeout()': () => timers.setTimeout(() => {}, 1),
  'process.nextTick()': () => process.nextTick(() => {}),
  'AbortSignal.timeout()': () => AbortSignal.timeout(1),
  'fetch()': () => fetch('http://localhost'),
  'fs.existsSync()': () => existsSync('/'),
  'fs/promises.readFile()': () => readFile('/dev/null'),
}

async function calledInRun(call: () => unknown): Promise<{ readonly caught: unknown; readonly world: World }> {
  const world = new World()
  let caught: unknown
  world.at(1, () => {
    try {
      call()
    } catch (error) {
      caught = error
    }
  })
  await world.run(2)
  return { caught, world }
}

test('whatever no seed decides throws within a run, and the violation says what was called and where', async (t) => {
  for (const [name, call] of Object.entries(AMBIENT)) {
    const { caught, world } = await calledInRun(call)

    t.true(caught instanceof AmbientCallError, name)
    const { site } = caught as AmbientCallError
    t.regex(site, /simulation\/ambient-trap\.test\.ts:\d+:\d+$/)
    t.like(world.violations, [{ kind: 'nondeterminism', name: `ambient: ${name}`, message: (caught as Error).message }])
    t.is(world.violations.length, 1)
  }
})

test('what was imported by name is trapped too', async (t) => {
  for (const call of [() => randomUUID(), () => promises.readFile('/dev/null')]) {
    const { caught } = await calledInRun(call)

    t.true(caught instanceof AmbientCallError)
  }
})

test('a date that is made of something, and promise jobs, are nobody else’s business', async (t) => {
  let order = ''
  const { caught, world } = await calledInRun(() => {
    t.is(new Date(86_400_000).toISOString(), '1970-01-02T00:00:00.000Z')
    t.is(Date.UTC(1970, 0, 2), 86_400_000)
    t.true(new Date(0) instanceof Date)
    t.is(new Date(0).constructor, Date)
    t.is(new Intl.DateTimeFormat('en', { timeZone: 'UTC' }).format(0), '1/1/1970')
    queueMicrotask(() => {
      order += 'b'
    })
    order += 'a'
  })

  t.is(caught, undefined)
  t.deepEqual(world.violations, [])
  t.is(order, 'ab')
})

test('what was taken before the run gets past, but not back into it: a callback of the host that does is a violation', async (t) => {
  const later = setImmediate
  const bytes = new Uint8Array(1)
  const callbacks: Record<string, (back: () => void) => unknown> = {
    'a timer': (back) => later(back),
    'a promise': (back) => crypto.subtle.digest('SHA-256', bytes).then(back),
    'a compression': (back) => deflate(bytes, back),
  }
  for (const [name, call] of Object.entries(callbacks)) {
    for (const way of ['defer', 'yield', 'after'] as const) {
      const world = new World()
      world.add('a', ({ runtime: { scheduler } }) => {
        const busy = (): void => {
          scheduler.after(1, busy)
        }
        scheduler.after(1, busy)
        scheduler.after(5, () =>
          call(() => (way === 'after' ? scheduler.after(1, () => {}) : scheduler[way](() => {}))),
        )
      })
      await world.start()
      await world.run(10_000_000, () => false)

      t.like(
        world.violations,
        [{ kind: 'nondeterminism', name: 'ambient: a callback of the host', node: 'a' }],
        `${name}, ${way}`,
      )
      t.regex(world.violations[0]!.message, /at \S+ambient-trap\.test\.ts:\d+:\d+: no seed decides/)
    }
  }
})

test('whoever stands outside may act on the world between the turns of the host', async (t) => {
  const world = new World()
  world.add('a', ({ runtime: { scheduler } }) => {
    const busy = (): void => {
      scheduler.after(1, busy)
    }
    busy()
  })
  await world.start()
  let isOver = false
  const run = world.run(10_000_000, () => isOver)
  await new Promise((resolve) => setTimeout(resolve, 1))
  world.at(0, () => {
    isOver = true
  })
  await run

  t.deepEqual(world.violations, [])
})

test.serial(
  'all is as it was when a run has ended, also when it failed, and between its turns for everybody else',
  async (t) => {
    const before = { Date, now: Date.now, setTimeout, random: Math.random, existsSync, randomUUID }
    const listeners = process.rawListeners('unhandledRejection')
    const world = new World()
    let turnsOfTheHost = 0
    const host = setInterval(() => turnsOfTheHost++, 1)
    t.teardown(() => clearInterval(host))
    const busy = (): void => {
      // Nothing in a run says how long it takes: enough work that the host has turns meanwhile.
      for (let i = 0; i < 1_000; i++) JSON.stringify({ i })
      world.at(world.nowMs + 1, busy)
    }
    world.at(0, busy)

    const run = world.run(200)
    await new Promise((resolve) => setTimeout(resolve, 1))
    t.true(Date.now() > 0)
    t.true(existsSync('/'))
    await run
    world.at(201, () => {
      throw new Error('oops')
    })
    await world.run(202)

    t.is(world.violations[0]?.kind, 'crash')
    t.deepEqual({ Date, now: Date.now, setTimeout, random: Math.random, existsSync, randomUUID }, before)
    t.false(Object.hasOwn(performance, 'now'))
    t.deepEqual(process.rawListeners('unhandledRejection'), listeners)
    t.true(turnsOfTheHost > 0)
  },
)

test.serial('every property that a run replaces is described as before when it has ended', async (t) => {
  const owners = [globalThis, Date.prototype, performance, Math, process, process.hrtime, process.memoryUsage, Atomics]
  const more = [AbortSignal, crypto, crypto.subtle, WeakRef.prototype, Intl.DateTimeFormat.prototype, timersPromises]
  const modules = [timersPromises.scheduler, timers, http, os]
  const all = (): object[] => [...owners, ...more, ...modules].map((owner) => Object.getOwnPropertyDescriptors(owner))
  // Node sets some of them up when they are first looked at.
  all()
  const before = all()
  const world = new World()
  world.at(1, () => {
    throw new Error('oops')
  })

  await world.run(2)

  const after = all()
  for (const [i, descriptors] of before.entries()) {
    t.deepEqual(Object.keys(after[i]!), Object.keys(descriptors))
    for (const [name, descriptor] of Object.entries(descriptors)) {
      const now = (after[i] as PropertyDescriptorMap)[name]!
      for (const part of ['value', 'get', 'set', 'enumerable', 'configurable', 'writable'] as const)
        t.true(Object.is(now[part], (descriptor as PropertyDescriptor)[part]), `${name}, ${part}`)
    }
  }
})
