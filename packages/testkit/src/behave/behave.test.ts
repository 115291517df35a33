import {
  AskError,
  actor,
  type ChildFailed,
  type Context,
  inspect,
  NoHandlersError,
  oneForOne,
  protocol,
  type Ref,
  type Terminated,
} from '@troupe/core'
import test from 'ava'
import { within } from '../within.ts'
import type { Alone } from './alone.ts'
import { behave } from './behave.ts'

interface Door {
  open: (who: string) => string
  close: () => void
  lock: (key: number) => Promise<boolean>
  break: () => void
  refuse: () => never
  later: () => number
}
const Door = protocol<Door>('door')

/** Opens, and closes by itself. */
const door = actor(Door, (ctx) => {
  let open = false
  return {
    open: (who) => {
      open = true
      ctx.after(5_000, 'close')
      return `welcome, ${who}`
    },
    close: () => {
      open = false
    },
    lock: async (key) => {
      await Promise.resolve()
      return key === 42
    },
    break: () => {
      throw new RangeError('hinges')
    },
    refuse: () => ctx.replyError(new TypeError('not today')),
    later: () => ctx.reply<number>(),
    [inspect]: () => ({ open }),
  }
})

test('a message goes in; its answer and what the actor did come out, and timers fire when time is moved', async (t) => {
  const alone = await behave(door)
  t.deepEqual(alone.started, { handled: [], effects: [] })

  const handled = await alone.handle('open', 'me')
  const answer: string | undefined = handled.reply
  t.is(answer, 'welcome, me')
  t.is(await handled.answer, 'welcome, me')
  t.deepEqual(handled.effects, [{ type: 'after', ms: 5_000, name: 'close', payload: undefined, key: null }])
  t.deepEqual(handled.handled, [{ name: 'open', payload: 'me' }])
  t.is(alone.runtime.clock.now(), 0)

  t.deepEqual(await alone.advance(4_999), { handled: [], effects: [] })
  t.deepEqual(await alone.advance(1), { handled: [{ name: 'close', payload: undefined }], effects: [] })
  t.deepEqual(alone.system.snapshot(alone.ref)?.state, { open: false })
})

test('an outcome is replied, waiting, failed with the very error, or refused', async (t) => {
  const alone = await behave(door)
  t.like(await alone.handle('lock', 42), { outcome: 'replied', reply: true, error: null })
  const waiting = await alone.handle('later')
  t.like(waiting, { outcome: 'waiting', reply: undefined, error: null })
  const refused = await alone.handle('refuse')
  t.like(refused, { outcome: 'refused', reply: undefined })
  t.true(refused.error instanceof TypeError)

  const failed = await alone.handle('break')
  t.is(failed.outcome, 'failed')
  t.true(failed.error instanceof RangeError)
  t.deepEqual(failed.effects, [{ type: 'failed', error: failed.error!, directive: 'stop' }])
  await t.throwsAsync(waiting.answer, { instanceOf: AskError })
  await t.throwsAsync(alone.handle('close'), { instanceOf: AskError, message: /stopped/ })
})

test('a handler that fails with what an ask of its own failed with has failed', async (t) => {
  const asking = actor('asking', (ctx, other: Ref<Door>) => ({ knock: () => ctx.ask(other, 'open', 'me') }))
  const alone = await behave(asking, {
    argsFrom: (standIn) => standIn<Door>('other', () => Promise.reject(new Error('no'))).ref,
  })
  const knocked = await alone.handle('knock')
  t.is(knocked.outcome, 'failed')
  t.like(knocked.error, { name: 'AskError', target: '/user/other' })
})

test('a message that its end cuts short is abandoned', async (t) => {
  const alone = await behave(actor('ending', (ctx) => ({ end: () => (ctx.stop(), ctx.reply<number>()) })))
  const ending = await alone.handle('end')
  t.like(ending, { outcome: 'abandoned', reply: undefined, error: null })
  t.deepEqual(ending.effects, [{ type: 'stop', to: '/user/subject', drain: false }])
})

interface Boss {
  hire: (name: string) => Ref<Worker>
  work: (n: number) => Promise<number>
  dismiss: (name: string) => void
  ended: (terminated: Terminated) => void
  pass: (n: number) => number
}
interface Worker {
  double: (n: number) => number
  note: (text: string) => void
}
const Worker = protocol<Worker>('worker')
const worker = actor(Worker, (_, base: number) => {
  if (base !== 1) throw new Error('a child must not run')
  throw new Error('a child must not run at all')
})

const boss = actor(protocol<Boss>('boss'), (ctx, audit: Ref<Worker>) => {
  const first = ctx.spawn(worker, { name: 'first', args: 1 })
  return {
    hire: (name) => {
      const hired = ctx.spawn(worker, { name, args: 1 })
      ctx.watch(hired, 'ended')
      return hired
    },
    work: async (n) => {
      audit.tell('note', `work ${n}`)
      const half = await ctx.ask(first, 'double', n)
      return first.ask('double', half)
    },
    dismiss: (name) => ctx.stop(ctx.child(Worker, name)!),
    ended: ({ ref, reason }) => void audit.tell('note', `${ref.path} ${reason}`),
    pass: (n) => ctx.forward(audit, 'double', n),
    childFailed: ({ error, ref }: ChildFailed) => void audit.tell('note', `${ref.path} failed: ${error.message}`),
  }
})

const BOSS = '/user/subject'

const aloneBoss = (): Promise<Alone<Boss>> => behave(boss, { argsFrom: (standIn) => standIn<Worker>('audit').ref })

test('children are stand-ins: none of their code runs, and what they are told and asked is seen and answered', async (t) => {
  const alone = await aloneBoss()
  const first = alone.child<Worker>('first')
  t.like(alone.started.effects, [{ type: 'spawn', actor: 'worker', name: 'first', args: 1 }])

  const working = await alone.handle('work', 5)
  t.is(working.outcome, 'waiting')
  t.deepEqual(working.effects, [
    { type: 'tell', to: '/user/audit', name: 'note', payload: 'work 5' },
    { type: 'ask', to: `${BOSS}/first`, name: 'double', payload: 5 },
  ])
  first.reply(await first.expect('double'), 10)
  first.reply(await first.expect('double'), 20)

  t.is(await within(alone.runtime, working.answer), 20)
  t.deepEqual((await alone.advance(0)).effects, [{ type: 'ask', to: `${BOSS}/first`, name: 'double', payload: 10 }])
  t.deepEqual(await alone.standIn<Worker>('audit').expect('note'), { name: 'note', payload: 'work 5' })
})

test('the end of a child and its failure reach the actor as ever', async (t) => {
  const alone = await aloneBoss()
  const audit = alone.standIn<Worker>('audit')
  const hired = await alone.handle('hire', 'second')
  t.is(hired.reply?.path, `${BOSS}/second`)
  t.like(hired.effects, [
    { type: 'spawn', name: 'second' },
    { type: 'watch', to: `${BOSS}/second`, name: 'ended' },
  ])

  const dismissed = await alone.handle('dismiss', 'second')
  t.deepEqual(dismissed.effects[0], { type: 'stop', to: `${BOSS}/second`, drain: false })
  t.deepEqual(
    dismissed.handled.map(({ name }) => name),
    ['dismiss', 'ended'],
  )
  t.is((await audit.expect('note')).payload, `${BOSS}/second stopped`)

  await alone.child('first').fail(new Error('on purpose'))
  t.is((await audit.expect('note')).payload, `${BOSS}/first failed: on purpose`)
  t.throws(() => alone.child('third'), { message: 'no child "third" was started; there are first, second' })
})

test('a message that is handed on is one effect, and its answer is that of the other', async (t) => {
  const alone = await aloneBoss()
  const audit = alone.standIn<Worker>('audit')
  const passed = await alone.handle('pass', 3)
  t.deepEqual(passed.effects, [{ type: 'forward', to: '/user/audit', name: 'double', payload: 3 }])
  audit.reply(await audit.expect('double'), 6)
  t.is(await passed.answer, 6)
})

interface Everything {
  timers: () => void
  tick: (n: number) => void
  calledOff: () => void
  aside: () => string
  back: () => void
  piped: (n: number) => void
  work: () => void
  places: () => void
  links: (ref: Ref<Everything>) => void
}
const Everything = protocol<Everything>('everything')

const everything = actor(Everything, (ctx: Context<Everything>) => {
  const rest = (aside: () => string | ReturnType<typeof ctx.stash>) => ({
    timers: () => {
      ctx.after(10, 'tick', 1)
      ctx.every(20, 'tick', 2)
      ctx.timer('k').after(30, 'tick', 3)
    },
    tick: () => {},
    calledOff: () => {
      ctx.after(10, 'tick', 1).cancel()
      ctx.timer('k').every(5, 'tick', 2)
      ctx.timer('k').cancel()
    },
    aside,
    back: () => {
      ctx.become(rest(() => 'now'))
      ctx.unstash()
    },
    piped: (n: number) => {
      if (n < 3) ctx.pipe(Promise.resolve(n + 1), 'piped')
    },
    work: () => ctx.task(() => {}),
    places: () => {
      ctx.register(Everything)
      ctx.subscribe(Everything, 'back')
    },
    links: (ref: Ref<Everything>) => {
      ctx.link(ref)
      ctx.unlink(ref)
      ctx.watch(ref, 'tick', 9)
      ctx.unwatch(ref)
      ctx.self.tell('tick', 8)
    },
  })
  return rest(() => ctx.stash())
})

test('timers of all kinds are seen as they are set and called off, and tick when time is moved', async (t) => {
  const alone = await behave(everything)
  t.deepEqual((await alone.handle('timers')).effects, [
    { type: 'after', ms: 10, name: 'tick', payload: 1, key: null },
    { type: 'every', ms: 20, name: 'tick', payload: 2, key: null },
    { type: 'after', ms: 30, name: 'tick', payload: 3, key: 'k' },
  ])
  t.deepEqual(
    (await alone.advance(40)).handled.map(({ payload }) => payload),
    [1, 2, 3, 2],
  )

  const calledOff = (await (await behave(everything)).handle('calledOff')).effects
  t.deepEqual(calledOff, [
    { type: 'after', ms: 10, name: 'tick', payload: 1, key: null },
    { type: 'cancel', name: 'tick', key: null },
    { type: 'every', ms: 5, name: 'tick', payload: 2, key: 'k' },
    { type: 'cancel', name: null, key: 'k' },
  ])
})

test('stashes, changes of behaviour, piped results, tasks, places, links and watches are what they always are', async (t) => {
  const alone = await behave(everything)
  const aside = await alone.handle('aside')
  t.like(aside, { outcome: 'waiting', effects: [{ type: 'stash' }] })
  const back = await alone.handle('back')
  t.like(back.effects, [{ type: 'become' }, { type: 'unstash' }])
  // Handled for the second time: a message is listed when it is taken first.
  t.deepEqual(back.handled, [{ name: 'back', payload: undefined }])
  t.is(await aside.answer, 'now')

  const piped = await alone.handle('piped', 1)
  t.deepEqual(
    piped.effects,
    [1, 2].map(() => ({ type: 'pipe' as const, name: 'piped', onError: null })),
  )
  t.deepEqual(
    piped.handled.map(({ payload }) => payload),
    [1, 2, 3],
  )
  t.deepEqual((await alone.handle('work')).effects, [{ type: 'task' }])
  t.deepEqual((await alone.handle('places')).effects.slice(0, 2), [
    { type: 'register', protocol: 'everything' },
    { type: 'subscribe', protocol: 'everything' },
  ])

  const other = alone.standIn<Everything>('other').ref
  t.deepEqual((await alone.handle('links', other)).effects, [
    { type: 'link', to: '/user/other' },
    { type: 'unlink', to: '/user/other' },
    { type: 'watch', to: '/user/other', name: 'tick' },
    { type: 'unwatch', to: '/user/other' },
    { type: 'tell', to: '/user/subject', name: 'tick', payload: 8 },
  ])
})

test('a restart is what it always is: a new state, new children, timers gone, and what the set-up does again', async (t) => {
  const failing = actor('failing', (ctx) => {
    let count = 0
    ctx.spawn(door, { name: 'door' })
    return {
      count: () => ++count,
      fail: () => {
        throw new Error('on purpose')
      },
    }
  })
  const alone = await behave(failing, { supervise: oneForOne({ backoff: { minMs: 100, jitter: 0 } }) })
  await alone.handle('count')
  const before = alone.child('door').ref
  const failed = await alone.handle('fail')
  t.like(failed, { outcome: 'failed', effects: [{ type: 'failed', directive: 'restart' }] })

  const restarted = await alone.advance(100)
  t.like(restarted.effects, [{ type: 'spawn', actor: 'door', name: 'door' }])
  t.not(alone.child('door').ref.id, before.id)
  t.is((await alone.handle('count')).reply, 1)
})

test('the same seed draws the same, another one something else', async (t) => {
  const dice = actor('dice', (ctx) => ({ roll: () => ctx.random.next() }))
  const rolls = []
  for (const seed of [1, 1, 2]) rolls.push((await (await behave(dice, { seed })).handle('roll')).reply)
  t.is(rolls[0], rolls[1])
  t.not(rolls[0], rolls[2])
})

test('a set-up that fails and what is no actor reject, and what runs at the end is seen', async (t) => {
  const broken = actor('broken', (): { a: () => void } => {
    throw new RangeError('no set-up')
  })
  await t.throwsAsync(behave(broken), { instanceOf: RangeError })
  await t.throwsAsync(behave(actor('nothing', (() => undefined) as never)), { instanceOf: NoHandlersError })
  await t.throwsAsync(behave(door, { nmae: 'x' } as never), { code: 'UNKNOWN_OPTION' })
  const token: unknown = Door
  await t.throwsAsync(behave(token as typeof door), { code: 'INVALID_OPTION' })
  await t.throwsAsync(behave(door, { seed: 0.5 }), { code: 'INVALID_OPTION', message: /seed/ })
  const parent = actor('parent', (ctx) => ({ spawn: () => void ctx.spawn(token as typeof door) }))
  t.like((await (await behave(parent)).handle('spawn')).error, { code: 'INVALID_OPTION' })

  const heir = await behave(
    actor('tidy', (ctx, heir: Ref<Worker>) => {
      ctx.onStop(() => void heir.tell('note', 'gone'))
      return {}
    }),
    { argsFrom: (standIn) => standIn<Worker>('heir').ref },
  )
  t.deepEqual((await heir.stop()).effects, [{ type: 'tell', to: '/user/heir', name: 'note', payload: 'gone' }])
})
