import { createHook } from 'node:async_hooks'
import { isDeepStrictEqual } from 'node:util'
import test from 'ava'
import fc from 'fast-check'
import { actor } from '../actor/actor.ts'
import { type Protocol, protocol } from '../actor/protocol.ts'
import { createSystem } from '../create-system.ts'
import { Mailbox } from '../mailbox/mailbox.ts'
import { Ring } from '../mailbox/ring.ts'
import { manualRuntime } from '../runtime/manual.ts'
import type { Cancellable, Scheduler } from '../runtime/scheduler.ts'
import { Dispatcher, type Runnable } from './dispatcher.ts'

// What a message costs (law 3). First and alone, because hooks see the whole thread.

test.serial('a sync handler costs no promise and no microtask hop: a burst is handled in one', async (t) => {
  // Time stands still, so that no slice ends in the middle of the burst on a busy machine.
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false })
  let handled = 0
  const ref = system.spawn(actor('sync', () => ({ count: () => void handled++ })))
  for (let i = 0; i < 500; i++) ref.tell('count')
  await runtime.settle()
  t.is(handled, 500)
  handled = 0
  let promises = 0
  const hook = createHook({ init: (_id, type) => void (type === 'PROMISE' && promises++) })

  hook.enable()
  for (let i = 0; i < 100; i++) ref.tell('count')
  const next = Promise.resolve().then(() => handled)
  const handledByThen = await next
  hook.disable()
  void system.stop()
  await runtime.settle()

  t.is(handledByThen, 100)
  // The test's own three, and one or two for the drain.
  t.true(promises <= 8, `${promises} promises for 100 messages`)
})

// Fairness (semantics 3)

test('a visit handles at most 128 messages, then the next cell has its turn', (t) => {
  const { host, dispatcher } = hosted()
  const flood = new Work(host, dispatcher, 'flood', 0)
  const other = new Work(host, dispatcher, 'other', 0)
  flood.add(300)
  other.add(200)

  host.microtasks()

  t.deepEqual(host.visits(), ['flood 128', 'other 128', 'flood 128', 'other 72', 'flood 44'])
})

test('a visit ends after 2 ms, give or take one look at the clock', (t) => {
  const { host, dispatcher } = hosted()
  const slow = new Work(host, dispatcher, 'slow', 0.3)
  const other = new Work(host, dispatcher, 'other', 0.3)
  slow.add(100)
  other.add(100)

  host.untilIdle()

  const visits = host.visits().map((visit) => Number(visit.split(' ')[1]) * 0.3)
  t.true(Math.max(...visits.slice(1)) <= 2 + 16 * 0.3, host.visits().join(', '))
  t.true(Math.max(...visits.slice(-6)) <= 2 + 0.6, host.visits().join(', '))
})

test('after 5 ms of work timers and sockets have their turn, even where every drain is a microtask of its own', (t) => {
  for (const perDrain of [1, 7, 1_000]) {
    const { host, dispatcher } = hosted()
    const flood = new Work(host, dispatcher, 'flood', 0.1)
    // Refills itself at the end of each drain, as actors do that wake each other through promises.
    let left = 500
    flood.onEmpty = () => {
      if (left <= 0) return
      left -= perDrain
      host.promises.push(() => flood.add(perDrain))
    }
    flood.add(perDrain)

    const slices: number[] = []
    while (host.pending) {
      const startMs = host.nowMs
      host.microtasks()
      slices.push(host.nowMs - startMs)
      host.macrotask()
    }

    t.true(slices.length > 5, `${perDrain} per drain: ${slices.length} slices`)
    t.true(Math.max(...slices) <= 5 + 32 * 0.1 + 0.001, `${perDrain} per drain: ${Math.max(...slices)} ms`)
  }
})

test('handlers of 1 ms are looked at one by one: a slice is 5 ms and at most two handlers', (t) => {
  const { host, dispatcher } = hosted()
  new Work(host, dispatcher, 'a', 1).add(60)
  new Work(host, dispatcher, 'b', 1).add(60)

  const slices: number[] = []
  while (host.pending) {
    const startMs = host.nowMs
    host.microtasks()
    slices.push(host.nowMs - startMs)
    host.macrotask()
  }

  t.true(Math.max(...slices) <= 7, slices.join(', '))
})

test('every message is handled once and in order, and no cell is visited twice while another one waits', (t) => {
  const step = fc.record({ cell: fc.nat(5), messages: fc.integer({ min: 1, max: 300 }), drain: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.constantFrom(0, 0.01, 0.4), (steps, costMs) => {
      const { host, dispatcher } = hosted()
      const cells = Array.from({ length: 6 }, (_, i) => new Work(host, dispatcher, `${i}`, costMs))
      const sent = cells.map(() => 0)
      for (const { cell, messages, drain } of steps) {
        cells[cell]!.add(messages)
        sent[cell]! += messages
        if (drain) host.microtasks()
      }
      host.untilIdle()
      return isDeepStrictEqual(
        cells.map((cell) => [cell.handled, cell.overtaken]),
        sent.map((count) => [count, 0]),
      )
    }),
  )
  t.pass()
})

test('a thousand ready cells keep their order while the queue grows around its end', (t) => {
  const { host, dispatcher } = hosted()
  const cells = Array.from({ length: 1_000 }, (_, i) => new Work(host, dispatcher, `${i}`, 0))
  cells.slice(0, 40).forEach((cell) => {
    cell.add(1)
  })
  host.microtasks()

  for (const cell of cells) cell.add(1)
  host.microtasks()

  t.deepEqual(
    host.handled.slice(40),
    cells.map((_, i) => `${i}`),
  )
})

test('an actor that floods itself, by tells or through promises, delays a 5 ms timer by far less than a second', async (t) => {
  const Flood: Protocol<{ sync: () => void; async: () => Promise<void> }> = protocol('flood')
  for (const how of ['sync', 'async'] as const) {
    const system = await createSystem({ name: 'a', log: false })
    let flooding = true
    const ref = system.spawn(
      actor(Flood, ({ self }) => ({
        sync: () => {
          if (flooding) self.tell('sync')
        },
        async: async () => {
          await null
          if (flooding) self.tell('async')
        },
      })),
    )
    const startMs = performance.now()
    ref.tell(how)

    await new Promise((resolve) => setTimeout(resolve, 5))
    const tookMs = performance.now() - startMs
    flooding = false
    await system.stop()

    t.true(tookMs < 500, `${how}: ${tookMs} ms`)
  }
})

// Queues, each against an array

test('a mailbox equals a list: first in, first out, whatever the mixture and depth', (t) => {
  const step = fc.record({ push: fc.integer({ min: 0, max: 40 }), take: fc.integer({ min: 0, max: 40 }) })
  const deep = fc.record({ push: fc.constant(3_000), take: fc.integer({ min: 0, max: 3_500 }) })
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: step }, deep), { maxLength: 40 }), (steps) => {
      const mailbox = new Mailbox()
      const twin: [name: string, payload: unknown][] = []
      let number = 0
      for (const { push, take } of steps) {
        for (let i = 0; i < push; i++) {
          const message: [string, unknown] = [`m${number % 3}`, number++]
          mailbox.push(...message, null)
          twin.push(message)
        }
        for (let i = 0; i < take; i++) {
          const expected = twin.shift()
          if (mailbox.take() !== (expected !== undefined)) return false
          if (expected !== undefined && (mailbox.name !== expected[0] || mailbox.payload !== expected[1])) return false
        }
        if (mailbox.size !== twin.length) return false
      }
      return true
    }),
  )
  t.pass()
})

test('a ring equals a list: push, shift and peek, whatever the mixture', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -20, max: 20 }), { maxLength: 100 }), (steps) => {
      const ring = new Ring<number>()
      const twin: number[] = []
      let number = 0
      for (const step of steps) {
        for (let i = 0; i < step; i++) {
          ring.push(number)
          twin.push(number++)
        }
        for (let i = 0; i > step; i--) {
          if (ring.peek() !== twin[0] || ring.shift() !== twin.shift()) return false
        }
        if (ring.size !== twin.length || ring.peek() !== twin[0]) return false
      }
      return true
    }),
  )
  t.pass()
})

/** An event loop that moves only when told to: time is what work costs. */
class Host implements Scheduler {
  nowMs = 0
  readonly promises: (() => void)[] = []
  readonly #macrotasks: (() => void)[] = []
  /** Cell names in the order their messages were handled. */
  readonly handled: string[] = []

  defer(task: () => void): void {
    this.promises.push(task)
  }

  yield(task: () => void): void {
    this.#macrotasks.push(task)
  }

  after(): Cancellable {
    throw new Error('a dispatcher needs no timer')
  }

  get pending(): boolean {
    return this.promises.length + this.#macrotasks.length > 0
  }

  microtasks(): void {
    for (let task = this.promises.shift(); task !== undefined; task = this.promises.shift()) task()
  }

  macrotask(): void {
    this.#macrotasks.shift()?.()
  }

  untilIdle(): void {
    while (this.pending) {
      this.microtasks()
      this.macrotask()
    }
  }

  /** Messages handled without another cell's in between: `name count`. */
  visits(): string[] {
    const visits: [name: string, count: number][] = []
    for (const name of this.handled) {
      const last = visits.at(-1)
      if (last?.[0] === name) last[1]++
      else visits.push([name, 1])
    }
    return visits.map(([name, count]) => `${name} ${count}`)
  }
}

function hosted(): { host: Host; dispatcher: Dispatcher } {
  const host = new Host()
  const clock = { now: () => host.nowMs, wall: () => 0 }
  return { host, dispatcher: new Dispatcher(clock, host) }
}

/** A cell whose messages cost the same each, and which knows who was ready before it. */
class Work implements Runnable {
  static readonly ready = new WeakMap<Host, Work[]>()
  backlog = 0
  handled = 0
  /** Visits that came although another cell had been ready for longer. */
  overtaken = 0
  onEmpty: () => void = () => {}
  readonly #host: Host
  readonly #dispatcher: Dispatcher
  readonly #name: string
  readonly #costMs: number
  readonly #ready: Work[]
  #parked = false
  #visited = false

  constructor(host: Host, dispatcher: Dispatcher, name: string, costMs: number) {
    this.#host = host
    this.#dispatcher = dispatcher
    this.#name = name
    this.#costMs = costMs
    this.#ready = Work.ready.get(host) ?? []
    Work.ready.set(host, this.#ready)
  }

  add(messages: number): void {
    this.backlog += messages
    if (this.#parked) return
    this.#parked = true
    this.#ready.push(this)
    this.#dispatcher.schedule(this)
  }

  run(most: number): number {
    if (!this.#visited && this.#ready[0] !== this) this.overtaken++
    this.#visited = true
    const count = Math.min(most, this.backlog)
    this.backlog -= count
    this.handled += count
    this.#host.nowMs += count * this.#costMs
    for (let i = 0; i < count; i++) this.#host.handled.push(this.#name)
    return count
  }

  rest(): boolean {
    this.#visited = false
    this.#ready.splice(this.#ready.indexOf(this), 1)
    this.#parked = this.backlog > 0
    if (this.#parked) this.#ready.push(this)
    else this.onEmpty()
    return this.#parked
  }
}
