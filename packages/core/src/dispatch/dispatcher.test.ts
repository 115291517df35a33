import { createHook } from 'node:async_hooks'
import { isDeepStrictEqual } from 'node:util'
import test from 'ava'
import fc from 'fast-check'
import { actor } from '../actor/actor.ts'
import { type Protocol, protocol } from '../actor/protocol.ts'
import type { Ref } from '../actor/ref.ts'
import { ALL_PARTS } from '../all-parts.ts'
import { createSystem } from '../create-system.ts'
import { Fifo } from '../mailbox/fifo.ts'
import { Ring } from '../mailbox/ring.ts'
import { nanoidFrom } from '../runtime/ids.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { SeededRandom } from '../runtime/random.ts'
import type { Cancellable, Scheduler } from '../runtime/scheduler.ts'
import { LocalSystem } from '../system/local-system.ts'
import { checkSystemOptions } from '../system/system-options.ts'
import { TURN_MESSAGES } from './dispatcher.ts'

// What a message costs (law 3). First and alone, because hooks see the whole thread.

test.serial('a sync handler costs no promise and no microtask hop: a burst is handled in one (law 3)', async (t) => {
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

test('a cell runs up to 128 messages, then the next one has its turn', (t) => {
  const { host, work } = hosted()
  const [flood, other] = [work('flood'), work('other')]
  flood.add(300)
  other.add(200)

  host.untilIdle()

  t.deepEqual(host.turns(), ['flood 128', 'other 128', 'flood 128', 'other 72', 'flood 44'])
})

test('a cell runs up to 2 ms and one handler where handlers are slow', (t) => {
  const { host, work } = hosted()
  const [slow, other] = [work('slow', 0.3), work('other', 0.3)]
  slow.add(100)
  other.add(100)

  host.untilIdle()

  const turns = host.turns().map((turn) => Number(turn.split(' ')[1]) * 0.3)
  t.true(Math.max(...turns) <= 2 + 0.6, host.turns().join(', '))
  t.true(turns.length > 20, host.turns().join(', '))
})

test('the clock is looked at every 1 to 64 messages: after one or two where handlers are slow', (t) => {
  for (const [costMs, most] of [
    [0, 64],
    [0.3, 2],
  ] as const) {
    const { host, work } = hosted()
    const busy = work('busy', costMs)
    host.looks.length = 0
    busy.add(3_000)

    host.untilIdle()

    const gaps = host.looks.map((handled, i) => handled - (host.looks[i - 1] ?? 0))
    t.is(Math.max(...gaps), most, `handlers of ${costMs} ms`)
  }
})

test('after 5 ms of work timers and sockets have their turn, even where every drain is a microtask of its own', (t) => {
  for (const perDrain of [1, 7, 1_000]) {
    const { host, work } = hosted()
    const flood = work('flood', 0.1)
    // Refills itself when it is empty, as actors do that wake each other through promises.
    let left = 500
    flood.onEmpty = () => {
      if (left <= 0) return
      left -= perDrain
      host.promises.push(() => flood.add(perDrain))
    }
    flood.add(perDrain)

    const slices = host.slices()

    t.true(slices.length > 5, `${perDrain} per drain: ${slices.length} slices`)
    t.true(Math.max(...slices) <= 5 + 32 * 0.1 + 0.001, `${perDrain} per drain: ${Math.max(...slices)} ms`)
  }
})

test('an actor that always has 100 fast messages of its own leaves timers and sockets a turn every 5 ms', (t) => {
  for (const inFlight of [1, 63, 64, 65, 100, 128, 1_000]) {
    const { host, work } = hosted()
    const flood = work('flood', 0.002)
    let left = 20_000
    flood.onHandled = () => {
      if (left-- > 0) flood.add(1)
    }
    flood.add(inFlight)

    const slices = host.slices()

    t.true(slices.length >= 8, `${inFlight} in flight: ${slices.length} slices`)
    t.true(Math.max(...slices) <= 5 + 64 * 0.002 + 0.001, `${inFlight} in flight: ${Math.max(...slices)} ms`)
  }
})

test('handlers of 1 ms are looked at one by one: a slice is 5 ms and at most two handlers', (t) => {
  const { host, work } = hosted()
  const [a, b] = [work('a', 1), work('b', 1)]
  a.add(60)
  b.add(60)

  const slices = host.slices()

  t.true(Math.max(...slices) <= 7, slices.join(', '))
})

test('every message is handled once and in order, and nobody waits for more than 128 messages of another', (t) => {
  const step = fc.record({ cell: fc.nat(5), messages: fc.integer({ min: 1, max: 300 }), drain: fc.nat(3) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.constantFrom(0, 0.01, 0.4), (steps, costMs) => {
      const { host, work } = hosted()
      const cells = Array.from({ length: 6 }, (_, i) => work(`${i}`, costMs))
      for (const { cell, messages, drain } of steps) {
        cells[cell]!.add(messages)
        for (let i = 0; i < drain; i++) host.step()
      }
      host.untilIdle()
      return cells.every(({ sent, heard, waitedFor }) => isDeepStrictEqual(heard, sent) && waitedFor <= TURN_MESSAGES)
    }),
  )
  t.pass()
})

test('messages to a thousand actors keep their order while the ring grows around its end', (t) => {
  const { host, work } = hosted()
  const cells = Array.from({ length: 1_000 }, (_, i) => work(`${i}`))
  for (const cell of cells.slice(0, 40)) cell.add(1)
  host.untilIdle()

  for (const cell of cells) cell.add(1)
  host.untilIdle()

  t.deepEqual(
    host.handled.slice(40),
    cells.map((_, i) => `${i}`),
  )
})

test('after 70,000 messages at once the ring is small again, and messages keep their order', (t) => {
  const { host, work } = hosted()
  const cells = Array.from({ length: 547 }, (_, i) => work(`${i}`))

  for (const messages of [TURN_MESSAGES, 1, TURN_MESSAGES]) {
    for (const cell of cells) cell.add(messages)
    host.untilIdle()
  }

  t.true(cells.length * TURN_MESSAGES > 70_000)
  t.true(cells.every(({ sent, heard }) => isDeepStrictEqual(heard, sent)))
})

test('a turn that holds up the process for 50 ms is a slow-turn event with the path of its actor', (t) => {
  const { host, work, system } = hosted()
  const turns: unknown[] = []
  system.events.subscribe((event) => void (event.type === 'slow-turn' && turns.push(event)))
  work('quick', 1).add(20)
  host.untilIdle()
  work('slow', 60).add(1)
  host.untilIdle()

  t.deepEqual(turns, [{ type: 'slow-turn', path: '/user/slow', tookMs: 60, exact: true }])
})

test('an actor that floods itself delays a 5 ms timer by at most one slice: 5 ms and two handlers (law 3)', (t) => {
  const costs = fc.constantFrom(0.002, 0.01, 0.1, 0.3, 1, 4, 30)
  fc.assert(
    fc.property(costs, fc.nat(200), fc.constantFrom('tell', 'promise'), (costMs, before, how) => {
      const { host, work } = hosted()
      const flood = work('flood', costMs)
      let lateMs = -1
      let left = before
      flood.onEmpty = () => {
        // Somewhere within a slice.
        if (left-- === 0) {
          const dueMs = host.nowMs + 5
          host.after(5, () => {
            lateMs = host.nowMs - dueMs
          })
        }
        if (lateMs !== -1) return
        if (how === 'tell') flood.add(1)
        else host.promises.push(() => flood.add(1))
      }

      flood.add(1)
      host.untilIdle()

      // Of handlers shorter than the time between two looks there may be a few.
      return lateMs >= 0 && lateMs <= 5 + Math.max(2 * costMs, 0.2) + 1e-9
    }),
  )
  t.pass()
})

test('where handlers are fast, and what they do behind an await takes 4 ms, a slice is 5 ms and two of them (law 3)', (t) => {
  const { host, work } = hosted()
  const flood = work('flood')
  let left = 40
  flood.onEmpty = () => {
    host.promises.push(() => {
      host.nowMs += 4
      if (left-- > 0) flood.add(1)
    })
  }
  flood.add(1)

  const slices = host.slices()

  t.true(Math.max(...slices) <= 13, slices.join(', '))
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

test('a queue equals a list: first in, first out, whatever the mixture and depth', (t) => {
  const step = fc.record({ push: fc.integer({ min: 0, max: 40 }), take: fc.integer({ min: 0, max: 40 }) })
  const deep = fc.record({ push: fc.constant(3_000), take: fc.integer({ min: 0, max: 3_500 }) })
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: step }, deep), { maxLength: 40 }), (steps) => {
      const mailbox = new Fifo()
      const twin: [name: string, payload: unknown][] = []
      let number = 0
      for (const { push, take } of steps) {
        for (let i = 0; i < push; i++) {
          const message: [string, unknown] = [`m${number % 3}`, number++]
          mailbox.push(...message)
          twin.push(message)
        }
        for (let i = 0; i < take; i++) {
          const expected = twin.shift()
          if (mailbox.take() !== (expected !== undefined)) return false
          if (expected !== undefined && (mailbox.head !== expected[0] || mailbox.payload !== expected[1])) return false
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
  readonly #timers = new Set<{ readonly dueMs: number; readonly task: () => void }>()
  /** How many messages had been handled at each look at the clock. */
  readonly looks: number[] = []
  /** Cell names in the order their messages were handled. */
  readonly handled: string[] = []

  defer(task: () => void): void {
    this.promises.push(task)
  }

  yield(task: () => void): void {
    this.#macrotasks.push(task)
  }

  after(delayMs: number, task: () => void): Cancellable {
    const timer = { dueMs: this.nowMs + delayMs, task }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer) }
  }

  get pending(): boolean {
    return this.promises.length + this.#macrotasks.length > 0
  }

  microtasks(): void {
    for (let task = this.promises.shift(); task !== undefined; task = this.promises.shift()) task()
  }

  /** Timers that are due come first. */
  macrotask(): void {
    for (const timer of this.#timers) {
      if (timer.dueMs > this.nowMs) continue
      this.#timers.delete(timer)
      timer.task()
    }
    this.#macrotasks.shift()?.()
  }

  untilIdle(): void {
    while (this.pending) {
      this.microtasks()
      this.macrotask()
    }
  }

  /** One microtask, or a macrotask where there is none. */
  step(): void {
    const task = this.promises.shift() ?? this.#macrotasks.shift()
    task?.()
  }

  /** Runs until nothing is left. @returns how long each stretch without a macrotask lasted, in ms */
  slices(): number[] {
    const slices: number[] = []
    while (this.pending) {
      const startMs = this.nowMs
      this.microtasks()
      slices.push(this.nowMs - startMs)
      this.macrotask()
    }
    return slices
  }

  /** Messages handled without another actor's in between: `name count`. */
  turns(): string[] {
    const turns: [name: string, count: number][] = []
    for (const name of this.handled) {
      const last = turns.at(-1)
      if (last?.[0] === name) last[1]++
      else turns.push([name, 1])
    }
    return turns.map(([name, count]) => `${name} ${count}`)
  }
}

/** A system on such a loop, and actors whose messages cost the same each. */
function hosted(): { host: Host; system: LocalSystem; work: (name: string, costMs?: number) => Work } {
  const host = new Host()
  const random = new SeededRandom(1)
  const now = (): number => {
    host.looks.push(host.handled.length)
    return host.nowMs
  }
  const clock = { now, wall: () => 0 }
  const runtime = { clock, scheduler: host, random, ids: nanoidFrom(random) }
  const system = new LocalSystem(checkSystemOptions({ name: 'hosted', runtime, log: false }, ALL_PARTS), ALL_PARTS)
  return {
    host,
    system,
    work: (name, costMs = 0) => {
      const work = new Work(host, system, name, costMs)
      host.untilIdle()
      return work
    },
  }
}

interface Job {
  job: (number: number) => void
}

/** An actor that knows what it was sent, what it has heard, and whom it had to wait for. */
class Work {
  readonly sent: number[] = []
  readonly heard: number[] = []
  /** Most messages of one other actor that came between one of its own and the moment that was sent. */
  waitedFor = 0
  onEmpty: () => void = () => {}
  onHandled: () => void = () => {}
  readonly #ref: Ref<Job>
  readonly #host: Host
  /** How many messages had been handled in all when one was sent to an actor that had none. */
  #sentAt: number | null = null

  constructor(host: Host, system: LocalSystem, name: string, costMs: number) {
    this.#host = host
    const job = (number: number): void => {
      if (this.#sentAt !== null) this.#count(host.handled.slice(this.#sentAt))
      this.#sentAt = null
      host.nowMs += costMs
      host.handled.push(name)
      this.heard.push(number)
      this.onHandled()
      if (this.heard.length === this.sent.length) this.onEmpty()
    }
    this.#ref = system.spawn<Job>(
      actor(protocol<Job>('work'), () => ({ job })),
      { name },
    )
  }

  add(messages: number): void {
    if (this.heard.length === this.sent.length) this.#sentAt = this.#host.handled.length
    for (let i = 0; i < messages; i++) {
      const number = this.sent.length
      this.sent.push(number)
      this.#ref.tell('job', number)
    }
  }

  #count(between: readonly string[]): void {
    const counts = new Map<string, number>()
    for (const name of between) counts.set(name, (counts.get(name) ?? 0) + 1)
    this.waitedFor = Math.max(this.waitedFor, ...counts.values())
  }
}
