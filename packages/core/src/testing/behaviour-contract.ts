import { actor } from '../actor/actor.ts'
import { AskError } from '../actor/ask.ts'
import type { LateReply } from '../actor/cell-host.ts'
import type { Actor, SpawnOptions } from '../actor/context.ts'
import { type Protocol, protocol } from '../actor/protocol.ts'
import type { AnyRef, Ref } from '../actor/ref.ts'
import type { Deferred } from '../actor/reply.ts'
import type { Terminated } from '../actor/terminated.ts'
import { ActorFailedError, NotSerializableError, ReplyError, ServiceNotFoundError } from '../errors.ts'
import { bounded } from '../mailbox/bounded.ts'
import { realRuntime } from '../runtime/real.ts'
import { oneForAll } from '../supervision/one-for-all.ts'
import { oneForOne } from '../supervision/one-for-one.ts'
import type { ActorSystem } from '../system/actor-system.ts'
import type { SystemEvent } from '../system/events.ts'
import type { Assertions, TestFunction } from './assertions.ts'
import { within } from './link-recorder.ts'

/** Two nodes that are connected, or one node taken twice. */
export interface BehaviourWorld {
  /** Where the test asks, watches and finds. */
  readonly here: ActorSystem
  /** Where the actors under test live. */
  readonly there: ActorSystem
  /** Messages are encoded even within a node: nothing arrives by reference. Default false. */
  readonly encoded?: boolean
  /** Stops both. Called once, also when a test has stopped one of them already. */
  close(): Promise<void>
}

/** What the suite has to know of the two nodes. */
export interface BehaviourContractOptions {
  /** `here` and `there` are the same: leaves out what only a link between them can promise. */
  readonly oneNode?: boolean
}

/**
 * What actors promise, as tests: the same inside one node and across any transport.
 *
 * ```ts
 * behaviourContract(test, 'memory', async () => {
 *   const network = memoryNetwork()
 *   const there = await createSystem({ name: 'there', transport: network.transport(), log: false })
 *   const here = await createSystem({ name: 'here', transport: network.transport(), log: false })
 *   await here.connect(there.address)
 *   return { here, there, close: async () => void (await Promise.all([here.stop(), there.stop()])) }
 * })
 * ```
 * @param name put before each title
 * @param makeWorld called once per test; tests may run at the same time
 */
export function behaviourContract(
  test: TestFunction,
  name: string,
  makeWorld: () => BehaviourWorld | Promise<BehaviourWorld>,
  options: BehaviourContractOptions = {},
): void {
  const promises = options.oneNode === true ? anywhere : { ...anywhere, ...overLinks }
  for (const [title, keep] of Object.entries(promises)) {
    test(`${name}: ${title}`, async (t) => {
      const world = await makeWorld()
      try {
        await keep(t, new Stage(world))
      } finally {
        await world.close()
      }
    })
  }
}

type Promises = Record<string, (t: Assertions, stage: Stage) => Promise<void>>

const anywhere: Promises = {
  'an ask gets what the handler returns, promises or gives later': async (t, stage) => {
    const { ref } = await stage.place()

    t.is(await ref.ask('echo', 'at once'), 'at once')
    t.is(await ref.ask('echoLater', 'later'), 'later')
    t.is(await ref.ask('none'), undefined)
    const deferred = ref.ask('defer', 'much later')
    t.is(await ref.ask('echo', 'meanwhile'), 'meanwhile')
    ref.tell('resolve')
    t.is(await deferred, 'much later')
  },

  'payloads and answers arrive equal, whatever they are made of': async (t, stage) => {
    const { ref } = await stage.place()
    const values: Record<string, unknown> = {
      undefined: undefined,
      null: null,
      booleans: [true, false],
      integers: [0, 1, -1, 23, 24, 255, 256, 65_536, 2 ** 31, 2 ** 32, -(2 ** 31) - 1, Number.MAX_SAFE_INTEGER],
      floats: [0.1, -1.5, 1e300, 5e-324, Infinity, -Infinity, NaN],
      bigints: [0n, 2n ** 53n, 2n ** 63n, 2n ** 64n, 2n ** 200n, -1n, -(2n ** 200n)],
      strings: ['', 'plain', 'zażółć', '漢字', '👩‍🚀', '\u0000', 'x'.repeat(100_000), 'é'.repeat(50_000)],
      dates: [new Date(0), new Date(1_700_000_000_123), new Date(-1)],
      bytes: [new Uint8Array(0), Uint8Array.of(1, 2, 3), new Uint8Array(70_000).fill(7)],
      arrays: [[], [[]], [undefined, null], new Array(1_000).fill(1)],
      objects: { '': 1, a: { b: { c: [] } }, gone: undefined, 'a.b': 2, constructor: 3, toString: 4 },
      maps: new Map<unknown, unknown>([
        ['a', 1],
        [2, new Map([[1n, 'nested']])],
        [null, undefined],
      ]),
      sets: new Set<unknown>([1, 'a', null, undefined, 3n]),
    }

    for (const [what, value] of Object.entries(values)) t.deepEqual(await ref.ask('echo', value), value, what)
    t.deepEqual(await ref.ask('echo', values), values)
  },

  '1,000 tells and the asks among them are handled in the order they were sent, whatever their size': async (
    t,
    stage,
  ) => {
    const { ref } = await stage.place()
    const counts: Promise<number>[] = []

    for (let n = 0; n < 1_000; n++) {
      const padding = 'x'.repeat(n % 250 === 0 ? 100_000 : (n * 37) % 2_000)
      if (n % 50 === 49) counts.push(ref.ask('keep', { n, padding }))
      else ref.tell('keep', { n, padding })
    }

    t.deepEqual(
      await Promise.all(counts),
      counts.map((_, i) => 50 * (i + 1)),
    )
    const kept = (await ref.ask('kept')) as readonly { readonly n: number; readonly padding: string }[]
    t.true(kept.length === 1_000 && kept.every(({ n }, i) => n === i))
  },

  'a handler that throws, now or after an await, fails its ask at once: failed, handler, with name and code': async (
    t,
    stage,
  ) => {
    for (const how of ['throw', 'reject'] as const) {
      const { home, ref } = await stage.place()

      const error = await refusal(ref.ask(how, undefined, PATIENT))
      // It is found under its protocol until it is gone, and the next one is to be found instead.
      await stage.there.stop(home)

      t.deepEqual(
        [error.outcome, error.reason, error.code, error.messageName],
        ['failed', 'handler', 'ASK_FAILED', how],
      )
      t.true(error.cause instanceof ActorFailedError && error.cause.message.includes('boom'), String(error.cause))
      const { causeName, causeCode } = error.cause as ActorFailedError
      t.deepEqual([causeName, causeCode], ['RangeError', 'E_BOOM'])
    }
  },

  'replyError and a rejected deferred reply fail the ask as refused, and the actor goes on': async (t, stage) => {
    const { ref } = await stage.place()

    for (const how of ['refuse', 'refuseLater', 'refuseDeferred'] as const) {
      const error = await refusal(ref.ask(how, undefined, PATIENT))

      t.deepEqual([error.outcome, error.reason], ['failed', 'refused'], how)
      t.true(error.cause instanceof ReplyError && error.cause.message === 'boom', String(error.cause))
      const { causeName, causeCode } = error.cause as ReplyError
      t.deepEqual([causeName, causeCode], ['RangeError', 'E_BOOM'])
    }
    t.is(await ref.ask('echo', 'alive'), 'alive')
  },

  'a ref inside a payload works where it arrives, however deep it lies: it can be told and asked back': async (
    t,
    stage,
  ) => {
    const { ref } = await stage.place()
    const near = stage.here.spawn(stage.subject)
    const nests: Record<string, unknown> = {
      object: { a: { ref: near } },
      array: [[0, near]],
      map: new Map([['k', { ref: near }]]),
      itself: near,
    }

    for (const [where, nest] of Object.entries(nests)) {
      t.is(await ref.ask('callBack', { nest, say: where }), `asked ${where}`)
    }

    t.deepEqual(
      await near.ask('kept'),
      Object.keys(nests).map((where) => `told ${where}`),
    )
  },

  'a ref sent there and back has the same id, and is still the way to the same actor': async (t, stage) => {
    const { home, ref } = await stage.place()
    const near = stage.here.spawn(stage.subject)

    const back = (await ref.ask('echo', near)) as Ref<Subject>
    const far = (await ref.ask('echo', ref)) as Ref<Subject>

    t.is(back.id, near.id)
    t.is(back.path, near.path)
    t.is(far.id, home.id)
    t.is(await far.ask('echo', 'far'), 'far')
    // Inside a node payloads go by reference: the ref came home as a local one.
    const object = {}
    if (!stage.encoded) t.is(await back.ask('echo', object), object)
  },

  'what a handler forwards is answered from there, straight to whoever asked': async (t, stage) => {
    const { ref } = await stage.place()
    const near = stage.here.spawn(stage.subject)

    t.is(await ref.ask('pass', { to: near, say: 'hello' }), 'hello')
    const error = await refusal(ref.ask('passThrow', near, PATIENT))
    t.deepEqual([error.outcome, error.reason], ['failed', 'handler'])
    t.is(await ref.ask('echo', 'alive'), 'alive')
  },

  'an ask to an actor that has stopped fails not-sent at once, and a tell becomes a dead letter': async (t, stage) => {
    const { home, ref } = await stage.place()
    await stage.there.stop(home)
    const letter = stage.event(stage.there, (event) => event.type === 'dead-letter' && event.message === 'keep')

    const error = await refusal(ref.ask('echo', 'x', PATIENT))
    ref.tell('keep', 'y')

    t.deepEqual([error.outcome, error.code, error.retryable], ['not-sent', 'ASK_NOT_SENT', false])
    // Abroad nothing is kept of actors that are gone.
    t.is(error.reason, stage.here === stage.there ? 'stopped' : 'stale-ref')
    t.is((await letter).type, 'dead-letter')
  },

  'an ask that is queued when its actor stops fails not-sent, one whose handler began fails unknown': async (
    t,
    stage,
  ) => {
    const { home, ref } = await stage.place()
    const begun = refusal(ref.ask('defer', 'x', PATIENT))
    await ref.ask('echo', 'barrier')
    ref.tell('stopSelf')
    const queued = refusal(ref.ask('echo', 'x', PATIENT))

    t.deepEqual([(await begun).outcome, (await begun).reason], ['unknown', 'stopped'])
    t.is((await queued).outcome, 'not-sent')
    await stage.there.stop(home)
  },

  'an unknown message is unhandled: not-sent for its asker, a dead letter where the actor lives': async (t, stage) => {
    const { home, ref } = await stage.place()
    const loose = ref as Ref<Record<string, (payload?: unknown) => unknown>>
    const letters: SystemEvent[] = []
    stage.there.events.subscribe((event) => event.type === 'dead-letter' && letters.push(event))

    loose.tell('nonsense', { n: 1 })
    for (const name of ['nonsense', 'constructor', 'toString', '__proto__']) {
      const error = await refusal(loose.ask(name, { n: 2 }, PATIENT))
      t.deepEqual([error.outcome, error.reason], ['not-sent', 'unhandled'], name)
    }

    t.deepEqual(letters[0], {
      type: 'dead-letter',
      reason: 'unhandled',
      target: home.path,
      message: 'nonsense',
      payload: { n: 1 },
    })
  },

  'an ask without an answer in time fails unknown: the handler may have run': async (t, stage) => {
    const { ref } = await stage.place()

    const error = await refusal(ref.ask('defer', 'never', { timeoutMs: 30 }))
    const late = ref.tell('resolve')

    t.deepEqual(
      [error.outcome, error.reason, error.code, error.retryable],
      ['unknown', 'timeout', 'ASK_UNKNOWN', false],
    )
    t.is(late, true)
    t.is(await ref.ask('echo', 'alive'), 'alive')
  },

  'an ask that expires while it is queued never reaches the handler': async (t, stage) => {
    const { ref } = await stage.place()
    const neighbour = (await ref.ask('echo', stage.there.spawn(stage.subject))) as Ref<Subject>
    ref.tell('hold')
    await stage.gate.entered
    const early = refusal(ref.ask('keep', 'expired', { timeoutMs: 20 }))

    t.is((await early).reason, 'timeout')
    t.true(['not-sent', 'unknown'].includes((await early).outcome))
    // It has 20 ms from when it arrives, on the clock over there: an answer from there says that it has arrived, and
    // another ask of ten times as long that it is over.
    await neighbour.ask('echo', 'arrived')
    await refusal(ref.ask('keep', 'expired too, perhaps', { timeoutMs: 200 }))
    stage.gate.open()

    const kept = (await ref.ask('kept')) as readonly unknown[]
    t.true(!kept.includes('expired'))
  },

  'the time left for an answer shrinks from hop to hop': async (t, stage) => {
    const { ref } = await stage.place()
    const near = stage.here.spawn(stage.subject)

    const once = (await ref.ask('remaining', undefined, { timeoutMs: 10_000 })) as number
    const twice = (await ref.ask('passRemaining', near, { timeoutMs: 10_000 })) as number

    t.true(once > 0 && once <= 10_000, String(once))
    t.true(twice > 0 && twice <= 10_000, String(twice))
  },

  'an ask made by a handler waits no longer than its own asker, before an await and, by ctx.ask, after it': async (
    t,
    stage,
  ) => {
    const { ref } = await stage.place()
    const near = stage.here.spawn(stage.subject)

    const left = (await ref.ask('askRemaining', near, { timeoutMs: 10_000 })) as readonly number[]

    t.is(left.length, 2)
    for (const ms of left) t.true(ms > 0 && ms <= 10_000, String(ms))
  },

  'an actor that asks itself is told so at once, also by a ref that has been abroad': async (t, stage) => {
    const { ref } = await stage.place()

    t.deepEqual(await ref.ask('askAll', [ref], PATIENT), ['not-sent self-ask', 'not-sent self-ask'])
  },

  'a restart aborts what the old incarnation has asked: unknown once sent, and its answer is dropped': async (
    t,
    stage,
  ) => {
    const { ref } = await stage.place()
    const log = new Log<string>()
    interface Asking {
      ask: () => void
      fail: () => void
    }
    const asking = stage.here.spawn(
      actor(protocol<Asking>('contract.asking'), (context) => ({
        ask: () => void ending(context.ask(ref, 'hold', undefined, PATIENT)).then((end) => log.add(end)),
        fail: () => {
          throw boom()
        },
      })),
      { supervise: oneForOne() },
    )
    asking.tell('ask')
    await stage.gate.entered
    const late = stage.event(stage.here, (event) => event.type === 'late-reply')

    asking.tell('fail')
    await log.until('the end of the ask', (ends) => ends.length > 0)
    stage.gate.open()

    t.is(((await late) as LateReply).message, 'hold')
    t.deepEqual(log.log, ['unknown aborted'])
  },

  'an answer that comes after its ask is over is reported where it was asked, with target, message and ms': async (
    t,
    stage,
  ) => {
    const { ref } = await stage.place()
    const late = stage.event(stage.here, (event) => event.type === 'late-reply')
    const letters: SystemEvent[] = []
    stage.here.events.subscribe((event) => event.type === 'dead-letter' && letters.push(event))
    const controller = new AbortController()
    const over = refusal(ref.ask('hold', undefined, { ...PATIENT, signal: controller.signal }))
    await stage.gate.entered
    controller.abort()
    await over

    stage.gate.open()

    const { target, message, lateMs } = (await late) as LateReply
    t.deepEqual([target, message], [String(ref), 'hold'])
    t.true(lateMs >= 0 && lateMs < 60_000, String(lateMs))
    t.deepEqual(letters, [])
  },

  'the stack of an AskError names the file of whoever awaits the ask': async (t, stage) => {
    const { ref } = await stage.place()

    for (const how of ['throw', 'refuse', 'gone'] as const) {
      let stack = ''
      try {
        await (ref as Ref<never> as Ref<Record<string, () => void>>).ask(how, undefined, PATIENT)
      } catch (error) {
        stack = (error as Error).stack ?? ''
      }
      t.true(stack.includes('behaviour-contract'), `${how}: ${stack}`)
    }
  },

  'aborting an ask rejects it at once with the reason as cause; one aborted before is never sent': async (t, stage) => {
    const { ref } = await stage.place()
    const abort = new AbortController()
    const reason = new Error('enough')
    const asked = refusal(ref.ask('hold', undefined, { ...PATIENT, signal: abort.signal }))
    await stage.gate.entered

    abort.abort(reason)
    const error = await asked
    const before = await refusal(ref.ask('keep', 'never', { signal: abort.signal }))
    stage.gate.open()

    t.deepEqual(
      [error.reason, error.outcome, before.reason, before.outcome],
      ['aborted', 'unknown', 'aborted', 'not-sent'],
    )
    t.is(error.cause, reason)
    t.deepEqual(await ref.ask('kept'), [])
  },

  'a watcher hears once that an actor stopped, after all that the actor sent it before': async (t, stage) => {
    const { ref } = await stage.place()
    const watching = stage.watcher()
    await watching.ref.ask('watch', ref)

    ref.tell('burstAndStop', { to: watching.ref, count: 100 })
    await watching.until('the end', (log) => log.includes('stopped'))

    t.deepEqual(watching.log, [...Array.from({ length: 100 }, (_, i) => `heard ${i}`), 'stopped'])
    await refusal(ref.ask('echo', 'barrier'))
    await watching.ref.ask('barrier')
    t.is(watching.log.length, 101)
  },

  'watching an actor that is gone already brings one notice at once: not-found': async (t, stage) => {
    const { home, ref } = await stage.place()
    await stage.there.stop(home)
    const watching = stage.watcher()

    await watching.ref.ask('watch', ref)
    await watching.until('the end', (log) => log.length > 0)
    await refusal(ref.ask('echo', 'barrier'))
    await watching.ref.ask('barrier')

    t.deepEqual(watching.log, ['not-found'])
  },

  'after unwatch nothing is heard any more': async (t, stage) => {
    const { home, ref } = await stage.place()
    const former = stage.watcher()
    const present = stage.watcher()
    await former.ref.ask('watch', ref)
    await present.ref.ask('watch', ref)
    await former.ref.ask('unwatch', ref)
    await ref.ask('echo', 'barrier')

    await stage.there.stop(home)
    await present.until('the end', (log) => log.length > 0)
    await former.ref.ask('barrier')

    t.deepEqual([former.log, present.log], [[], ['stopped']])
  },

  'a watcher hears failed when the actor fails and is not restarted': async (t, stage) => {
    const { ref } = await stage.place()
    const watching = stage.watcher()
    await watching.ref.ask('watch', ref)

    ref.tell('throw')
    await watching.until('the end', (log) => log.length > 0)

    t.deepEqual(watching.log, ['failed'])
  },

  'a watcher hears killed when the actor does not stop in time': async (t, stage) => {
    const { home, ref } = await stage.place({ stopTimeoutMs: 10 })
    const watching = stage.watcher()
    await watching.ref.ask('watch', ref)
    ref.tell('hold')
    await stage.gate.entered

    await stage.there.stop(home)
    await watching.until('the end', (log) => log.length > 0)

    t.deepEqual(watching.log, ['killed'])
  },

  'a restart keeps ref, mailbox and watchers: nobody who watches hears of it': async (t, stage) => {
    const { home, ref } = await stage.place({ supervise: oneForOne({ backoff: { minMs: 0, maxMs: 0 } }) })
    const watching = stage.watcher()
    await watching.ref.ask('watch', ref)
    await ref.ask('keep', 'before')

    ref.tell('reject')
    const counts = [ref.ask('keep', 'after'), ref.ask('keep', 'after too')]

    t.deepEqual(await Promise.all(counts), [1, 2])
    t.deepEqual(await ref.ask('kept'), ['after', 'after too'])
    await watching.ref.ask('barrier')
    t.deepEqual(watching.log, [])
    await stage.there.stop(home)
    await watching.until('the end', (log) => log.length > 0)
    t.deepEqual(watching.log, ['stopped'])
  },

  'tells and offers of one sender are handled in the order they were made, and an offer resolves': async (t, stage) => {
    const { ref } = await stage.place()

    for (let n = 0; n < 1_000; n++) {
      if (n % 3 === 0) await ref.offer('keep', n)
      else if (n % 3 === 1) void ref.offer('keep', n)
      else ref.tell('keep', n)
    }

    t.deepEqual(
      await ref.ask('kept'),
      Array.from({ length: 1_000 }, (_, n) => n),
    )
  },

  'drop-newest: an ask that finds the mailbox full fails not-sent at once, and what waits is handled': async (
    t,
    stage,
  ) => {
    const { ref } = await stage.place({ mailbox: bounded({ capacity: 2, overflow: 'drop-newest' }) })
    ref.tell('hold')
    await stage.gate.entered
    ref.tell('keep', 'first')
    const kept = ref.ask('kept')

    const error = await refusal(ref.ask('keep', 'too many', PATIENT))
    stage.gate.open()

    t.deepEqual([error.outcome, error.reason, error.retryable], ['not-sent', 'mailbox-full', true])
    t.deepEqual(await kept, ['first'])
  },

  'drop-oldest: the message that has waited longest gives way, and if it is an ask, that fails at once': async (
    t,
    stage,
  ) => {
    const { ref } = await stage.place({ mailbox: bounded({ capacity: 2, overflow: 'drop-oldest' }) })
    ref.tell('hold')
    await stage.gate.entered
    const letter = stage.event(stage.there, (event) => event.type === 'dead-letter' && event.payload === 'older')
    const asked = refusal(ref.ask('keep', 'oldest', PATIENT))
    for (const what of ['older', 'newest']) ref.tell('keep', what)
    const kept = ref.ask('kept')

    t.deepEqual([(await asked).outcome, (await asked).reason], ['not-sent', 'mailbox-full'])
    t.is(((await letter) as { readonly reason: string }).reason, 'mailbox-full')
    stage.gate.open()
    t.deepEqual(await kept, ['newest'])
  },

  'reject: a tell too many is refused to its face on one node, and a dead letter from another': async (t, stage) => {
    const { ref } = await stage.place({ mailbox: bounded({ capacity: 2, overflow: 'reject' }) })
    ref.tell('hold')
    await stage.gate.entered
    const letters: unknown[] = []
    stage.there.events.subscribe((event) => event.type === 'dead-letter' && letters.push(event.payload))
    ref.tell('keep', 'first')
    const kept = ref.ask('kept')

    const told = ref.tell('keep', 'too many')
    await refusal(ref.ask('keep', 'barrier', PATIENT))
    stage.gate.open()

    const near = stage.here === stage.there
    t.deepEqual([told, letters], near ? [false, ['barrier']] : [true, ['too many', 'barrier']])
    t.deepEqual(await kept, ['first'])
  },

  'an ask that is set aside is answered when it is taken back, before what came later': async (t, stage) => {
    const token: Protocol<Shop> = protocol('contract.shop')
    const ref = await stage.placed(token, shop(token))

    const bought = ['a', 'b'].map((what) => ref.ask('buy', what))
    ref.tell('open')
    const last = ref.ask('buy', 'c')

    t.deepEqual(await Promise.all([...bought, last]), ['a is sale 1', 'b is sale 2', 'c is sale 3'])
  },

  'an ask that expires while it is set aside never reaches the handler': async (t, stage) => {
    const token: Protocol<Shop> = protocol('contract.slow-shop')
    const ref = await stage.placed(token, shop(token))
    const early = refusal(ref.ask('buy', 'expired', { timeoutMs: 20 }))

    t.is((await early).reason, 'timeout')
    // Its time there is counted from when it came, which it has by the time that this is answered.
    await ref.ask('sales', undefined, PATIENT)
    await refusal(ref.ask('buy', 'expired too, perhaps', { timeoutMs: 200 }))
    ref.tell('open')

    t.true((await ref.ask('sales')) < 2)
  },

  'a question named in interleave is answered while a handler waits, and nothing else is': async (t, stage) => {
    const token: Protocol<Shop> = protocol('contract.open-shop')
    const ref = await stage.placed(token, shop(token, ['sales', 'finish']))
    ref.tell('open')
    const counted = ref.ask('stocktake')
    const bought = ref.ask('buy', 'a')

    t.is(await ref.ask('sales'), 0)
    ref.tell('finish')

    t.is(await counted, 0)
    t.is(await bought, 'a is sale 1')
    t.is(await ref.ask('sales'), 1)
  },

  'who has linked an actor fails when that one fails, and goes on when it stops': async (t, stage) => {
    for (const [how, expected] of [
      ['throw', 'failed'],
      ['stopSelf', 'alive'],
    ] as const) {
      const { ref } = await stage.place()
      const watching = stage.watcher()
      const linked = stage.here.spawn(linking)
      await linked.ask('link', ref)
      await watching.ref.ask('watch', ref)
      await watching.ref.ask('watch', linked)
      await ref.ask('echo', 'barrier')

      ref.tell(how)
      await watching.until('the end', (log) => log.length > (expected === 'failed' ? 1 : 0))

      if (expected === 'failed') t.deepEqual(watching.log, ['failed', 'failed'])
      else t.is(await linked.ask('say', 'alive'), 'alive')
    }
  },

  'siblings under one-for-all restart together behind their refs, and nobody who watches them hears of it': async (
    t,
    stage,
  ) => {
    const Sibling: Protocol<Subject> = protocol('contract.sibling')
    const supervise = oneForAll({ backoff: { minMs: 0, maxMs: 0 } })
    stage.there.spawn(
      actor('contract.parent', (context) => {
        stage.there.register(Subject, context.spawn(stage.subject, { supervise }))
        stage.there.register(Sibling, context.spawn(stage.subject, { supervise }))
        return {}
      }),
    )
    const [one, other] = [await stage.here.find(Subject), await stage.here.find(Sibling)]
    const watching = stage.watcher()
    for (const ref of [one, other]) await watching.ref.ask('watch', ref)
    await other.ask('keep', 'before')

    one.tell('reject')

    t.is(await one.ask('keep', 'after'), 1)
    t.deepEqual(await other.ask('kept'), [])
    await watching.ref.ask('barrier')
    t.deepEqual(watching.log, [])
  },

  'what the runtime calls is no message: an ask for childFailed finds no handler': async (t, stage) => {
    const Parent: Protocol<{ other: () => void }> = protocol('contract.parent')
    let called = 0
    const parent = actor(Parent, () => ({ other: () => {}, childFailed: () => void called++ }))
    stage.there.register(Parent, stage.there.spawn(parent))
    const ref = await stage.here.find(Parent)
    const ask = ref.ask.bind(ref) as (name: string) => Promise<unknown>

    for (let i = 0; i < 2; i++) t.is((await refusal(ask('childFailed'))).reason, 'unhandled')
    t.is(called, 0)
  },

  'find waits until an actor is registered, and gives up with ServiceNotFoundError': async (t, stage) => {
    const waiting = stage.here.find(Subject)
    const home = stage.there.spawn(stage.subject)
    const nobody = stage.here.find(protocol('nobody'), { timeoutMs: 20 })

    t.true((await rejection(nobody)) instanceof ServiceNotFoundError)
    stage.there.register(Subject, home)

    t.is((await waiting).id, home.id)
    t.is(await (await waiting).ask('echo', 'found'), 'found')
  },

  'an actor is found from both sides while it is registered, and by nobody after it stopped': async (t, stage) => {
    const { home, ref } = await stage.place()
    const near = stage.here.spawn(stage.subject)
    stage.here.register(Near, near)

    t.is(ref.id, home.id)
    t.is((await stage.there.find(Near)).id, near.id)
    t.deepEqual(ids(stage.here.findAll(Subject)), [home.id])
    const log = stage.listings(stage.here, Subject)
    await log.until('the listing', (sizes) => sizes.includes(1))
    await stage.there.stop(home)
    await log.until('the end of it', (sizes) => sizes.at(-1) === 0)

    t.deepEqual(stage.here.findAll(Subject), [])
  },

  'a subscriber hears the listing as it is now, then each change': async (t, stage) => {
    const listings = stage.listings(stage.here, Subject)
    await listings.until('the first listing', (sizes) => sizes.length === 1)

    const { home: first } = await stage.place()
    await listings.until('one', (sizes) => sizes.at(-1) === 1)
    const second = stage.there.spawn(stage.subject)
    stage.there.register(Subject, second)
    await listings.until('two', (sizes) => sizes.at(-1) === 2)
    await stage.there.stop(first)
    await listings.until('one again', (sizes) => sizes.at(-1) === 1)
    await stage.there.stop(second)
    await listings.until('none', (sizes) => sizes.at(-1) === 0)

    t.deepEqual(listings.log, [0, 1, 2, 1, 0])
  },
}

const overLinks: Promises = {
  'payloads and answers are copies: a change on one side is not seen on the other': async (t, stage) => {
    const { ref } = await stage.place()
    const sent = { list: [1], bytes: Uint8Array.of(1) }

    ref.tell('keep', sent)
    sent.list.push(2)
    sent.bytes[0] = 9
    const first = (await ref.ask('kept')) as { list: number[] }[]
    first[0]?.list.push(3)

    t.deepEqual(await ref.ask('kept'), [{ list: [1], bytes: Uint8Array.of(1) }])
  },

  '-0 arrives as 0, and an object of a class as a plain object of its own fields': async (t, stage) => {
    const { ref } = await stage.place()
    class Point {
      readonly x = 1
      readonly y = [2]
    }

    t.is(await ref.ask('echo', -0), 0)
    t.deepEqual(await ref.ask('echo', new Point()), { x: 1, y: [2] })
  },

  'a payload that cannot be encoded throws NotSerializableError at the tell, naming message and path': async (
    t,
    stage,
  ) => {
    const { ref } = await stage.place()
    const payload = { items: [0, { onClick: () => {} }] }

    const thrown = attempt(() => ref.tell('keep', payload))
    const refused = await refusal(ref.ask('echo', payload, PATIENT))

    for (const error of [thrown, refused.cause]) {
      t.true(error instanceof NotSerializableError && error.message.includes('payload.items[1].onClick'), String(error))
    }
    t.deepEqual([refused.outcome, refused.reason], ['not-sent', 'not-serializable'])
    t.deepEqual(await ref.ask('kept'), [])
  },

  'an answer that cannot be encoded fails its ask at once, and the link and the actor go on': async (t, stage) => {
    const { ref } = await stage.place()

    const error = await refusal(ref.ask('answerFunction', undefined, PATIENT))

    t.true(error.outcome !== 'not-sent' && error.reason !== 'timeout', `${error.outcome}, ${error.reason}`)
    t.is(await ref.ask('echo', 'alive'), 'alive')
  },

  'a local actor is found before one of another node': async (t, stage) => {
    const { home } = await stage.place()
    const near = stage.here.spawn(stage.subject)
    stage.here.register(Subject, near)

    t.is((await stage.here.find(Subject)).id, near.id)
    t.deepEqual(ids(stage.here.findAll(Subject)), [near.id, home.id])
  },

  'a link to an actor of another node is one way: it fails with this one only if it links this one too': async (
    t,
    stage,
  ) => {
    for (const mutual of [false, true]) {
      const there = await stage.placed<Linking>({ id: `contract.linking.${mutual}` }, linking)
      const here = stage.here.spawn(linking)
      const watching = stage.watcher()
      await watching.ref.ask('watch', here)
      await here.ask('link', there)
      if (mutual) {
        await watching.ref.ask('watch', there)
        await there.ask('link', here)
      }

      here.tell('fail')
      await watching.until('the end', (log) => log.length >= (mutual ? 2 : 1))

      t.deepEqual(watching.log, mutual ? ['failed', 'failed'] : ['failed'])
      if (!mutual) t.is(await there.ask('say', 'alive'), 'alive')
    }
  },

  'a node that stops in order tells who watches its actors, and asks to them fail at once': async (t, stage) => {
    const { ref } = await stage.place()
    const watching = stage.watcher()
    await watching.ref.ask('watch', ref)
    await ref.ask('echo', 'barrier')

    await stage.there.stop()
    await watching.until('the end', (log) => log.length > 0)

    t.deepEqual(watching.log, ['stopped'])
    const error = await refusal(ref.ask('echo', 'x', PATIENT))
    t.is(error.outcome, 'not-sent')
  },
}

/** Far longer than a test may take: whoever gets an error sooner did not wait for the deadline. */
const PATIENT = { timeoutMs: 60_000 } as const

/** Fails, answers, keeps, forwards and holds on demand. */
interface Subject {
  echo: (value: unknown) => unknown
  echoLater: (value: unknown) => Promise<unknown>
  none: () => void
  defer: (value: unknown) => unknown
  resolve: () => void
  keep: (value: unknown) => number
  kept: () => readonly unknown[]
  throw: () => void
  reject: () => Promise<void>
  refuse: () => void
  refuseLater: () => Promise<void>
  refuseDeferred: () => void
  callBack: (call: { nest: unknown; say: string }) => unknown
  pass: (pass: { to: Ref<Subject>; say: string }) => unknown
  passThrow: (to: Ref<Subject>) => void
  passRemaining: (to: Ref<Subject>) => number | null
  remaining: () => number | null
  askRemaining: (to: Ref<Subject>) => unknown
  askAll: (refs: readonly Ref<Subject>[]) => readonly string[]
  hold: () => Promise<void>
  stopSelf: () => void
  burstAndStop: (burst: { to: Ref<Watching>; count: number }) => void
  answerFunction: () => unknown
}
const Subject: Protocol<Subject> = protocol('contract.subject')
const Near: Protocol<Subject> = protocol('contract.near')

function subjectOf(gate: Gate): Actor<Subject> {
  return actor(Subject, (context) => {
    const kept: unknown[] = []
    const owed: (() => void)[] = []
    return {
      echo: (value) => value,
      echoLater: async (value) => {
        await null
        return value
      },
      none: () => {},
      defer: (value) => {
        const reply: Deferred<unknown> = context.reply()
        owed.push(() => reply.resolve(value))
        return reply
      },
      resolve: () => {
        for (const answer of owed.splice(0)) answer()
      },
      keep: (value) => kept.push(value),
      kept: () => kept,
      throw: () => {
        throw boom()
      },
      reject: async () => {
        await null
        throw boom()
      },
      refuse: () => {
        context.replyError(boom())
      },
      refuseLater: async () => {
        await null
        context.replyError(boom())
      },
      refuseDeferred: () => context.reply<void>().reject(boom()),
      callBack: async ({ nest, say }) => {
        const ref = refIn(nest)
        ref.tell('keep', `told ${say}`)
        return ref.ask('echo', `asked ${say}`)
      },
      pass: ({ to, say }) => context.forward(to, 'echo', say),
      passThrow: (to) => context.forward(to, 'throw'),
      passRemaining: (to) => context.forward(to, 'remaining'),
      remaining: () => context.remainingMs,
      askRemaining: async (to) => {
        const patient = { timeoutMs: 60_000 }
        return [await to.ask('remaining', undefined, patient), await context.ask(to, 'remaining', undefined, patient)]
      },
      askAll: async (refs) => {
        const before = refs.map((ref) => ending(ref.ask('none')))
        await null
        const after = refs.map((ref) => ending(context.ask(ref, 'none')))
        return Promise.all([...before, ...after])
      },
      hold: () => gate.pass(),
      stopSelf: () => context.stop(),
      burstAndStop: ({ to, count }) => {
        for (let i = 0; i < count; i++) to.tell('hear', `heard ${i}`)
        context.stop()
      },
      answerFunction: () => () => 'nobody can call this',
    }
  })
}

/** How an ask ends, in words. */
function ending(ask: Promise<unknown>): Promise<string> {
  return ask.then(
    () => 'answered',
    (error: AskError) => `${error.outcome} ${error.reason}`,
  )
}

function boom(): Error {
  return Object.assign(new RangeError('boom'), { code: 'E_BOOM' })
}

/** The first ref in a value, wherever it stands. */
function refIn(value: unknown): Ref<Subject> {
  if (typeof value !== 'object' || value === null) throw new TypeError('no ref in there')
  if ('tell' in value) return value as Ref<Subject>
  const inner = value instanceof Map ? [...value.values()] : Object.values(value)
  return refIn(inner.find((item) => typeof item === 'object'))
}

interface Linking {
  link: (ref: AnyRef) => void
  fail: () => void
  say: (what: string) => string
}

const linking: Actor<Linking> = actor(protocol<Linking>('contract.linking'), (context) => ({
  link: (ref) => context.link(ref),
  fail: () => {
    throw boom()
  },
  say: (what) => what,
}))

interface Shop {
  /** Sets customers aside until it opens. */
  buy: (what: string) => string
  open: () => void
  sales: () => number
  /** Ends with `finish`. */
  stocktake: () => Promise<number>
  finish: () => void
}

function shop(token: Protocol<Shop>, interleave: readonly (keyof Shop)[] = []): Actor<Shop> {
  return actor(
    token,
    (context) => {
      let open = false
      let sales = 0
      const gate = new Gate()
      return {
        buy: (what) => (open ? `${what} is sale ${++sales}` : context.stash()),
        open: () => {
          open = true
          context.unstash()
        },
        sales: () => sales,
        stocktake: async () => {
          await gate.pass()
          return sales
        },
        finish: () => gate.open(),
      }
    },
    { interleave },
  )
}

interface Watching {
  watch: (ref: AnyRef) => void
  unwatch: (ref: AnyRef) => void
  hear: (what: string) => void
  gone: (notice: Terminated) => void
  barrier: () => void
}
const Watching: Protocol<Watching> = protocol('contract.watching')

/** Holds handlers up until it is opened. */
class Gate {
  readonly entered: Promise<void>
  #enter: () => void = () => {}
  #open: () => void = () => {}
  readonly #opened: Promise<void>

  constructor() {
    this.entered = new Promise((resolve) => {
      this.#enter = resolve
    })
    this.#opened = new Promise((resolve) => {
      this.#open = resolve
    })
  }

  pass(): Promise<void> {
    this.#enter()
    return this.#opened
  }

  open(): void {
    this.#open()
  }
}

/** What happened so far, and a way to wait for more. */
class Log<T> {
  readonly log: T[] = []
  #wake: (() => void)[] = []

  add(entry: T): void {
    this.log.push(entry)
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** Resolves once `condition` holds, which is looked at after each entry; rejects after 20 s. */
  async until(what: string, condition: (log: readonly T[]) => boolean): Promise<void> {
    while (!condition(this.log)) {
      const more = new Promise<void>((resolve) => this.#wake.push(resolve))
      await within(scheduler, more, () => `${what}; the log is ${JSON.stringify(this.log)}`)
    }
  }
}

interface Watcher extends Pick<Log<string>, 'log' | 'until'> {
  readonly ref: Ref<Watching>
}

/** The world with what tests do in it. */
class Stage {
  readonly here: ActorSystem
  readonly there: ActorSystem
  readonly encoded: boolean
  readonly gate = new Gate()
  readonly subject: Actor<Subject> = subjectOf(this.gate)

  constructor(world: BehaviourWorld) {
    this.here = world.here
    this.there = world.there
    this.encoded = world.encoded ?? false
  }

  /** Starts a subject there and finds it from here. */
  async place(options: SpawnOptions = {}): Promise<{ home: Ref<Subject>; ref: Ref<Subject> }> {
    const home = this.there.spawn(this.subject, options)
    this.there.register(Subject, home)
    // Not the first that is listed: one of an earlier call may have failed, and be about to go.
    const listed = (): Ref<Subject> | undefined => this.here.findAll(Subject).find(({ id }) => id === home.id)
    if (listed() === undefined) await this.listings(this.here, Subject).until('listing', () => listed() !== undefined)
    return { home, ref: listed()! }
  }

  /** Starts an actor there and finds it from here. */
  async placed<P>(token: Protocol<P>, definition: Actor<P>): Promise<Ref<P>> {
    this.there.register(token, this.there.spawn<P, void>(definition))
    return this.here.find(token)
  }

  /** An actor here that watches what it is told to and logs what it hears. */
  watcher(): Watcher {
    const log = new Log<string>()
    const ref = this.here.spawn(
      actor(Watching, (context) => ({
        watch: (target) => context.watch(target, 'gone'),
        unwatch: (target) => context.unwatch(target),
        hear: (what) => log.add(what),
        gone: ({ reason }) => log.add(reason),
        barrier: () => {},
      })),
    )
    return { ref, log: log.log, until: (what, condition) => log.until(what, condition) }
  }

  /** The sizes of the listings that an actor of `system` hears of. */
  listings(system: ActorSystem, token: Protocol<Subject>): Log<number> {
    const log = new Log<number>()
    const Listening: Protocol<{ listed: (refs: readonly Ref<Subject>[]) => void }> = protocol('contract.listening')
    system.spawn(
      actor(Listening, (context) => {
        context.subscribe(token, 'listed')
        return { listed: (refs) => log.add(refs.length) }
      }),
    )
    return log
  }

  /** The next event of `system` that is meant. */
  event(system: ActorSystem, meant: (event: SystemEvent) => boolean): Promise<SystemEvent> {
    const happened = new Promise<SystemEvent>((resolve) => {
      const end = system.events.subscribe((event) => {
        if (!meant(event)) return
        end()
        resolve(event)
      })
    })
    return within(scheduler, happened, () => 'an event')
  }
}

const { scheduler } = realRuntime()

function ids(refs: readonly AnyRef[]): string[] {
  return refs.map((ref) => ref.id)
}

/** The error an ask is rejected with. Called at once, so that no rejection goes unhandled. */
async function refusal(ask: Promise<unknown>): Promise<AskError> {
  const error = await rejection(ask)
  if (error instanceof AskError) return error
  throw new Error('expected an AskError', { cause: error })
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return within(
    scheduler,
    promise.then(
      (value) => {
        throw new Error(`expected a rejection, got ${JSON.stringify(value)}`)
      },
      (error: unknown) => error,
    ),
    () => 'a rejection',
  )
}

function attempt(action: () => void): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  return null
}
