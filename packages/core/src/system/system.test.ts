import { getEventListeners } from 'node:events'
import test from 'ava'
import { actor } from '../actor/actor.ts'
import { type Protocol, protocol } from '../actor/protocol.ts'
import { ActorRef, type Ref } from '../actor/ref.ts'
import { ALL_PARTS } from '../all-parts.ts'
import { createSystem } from '../create-system.ts'
import { InvalidOptionError, ServiceNotFoundError, SystemStoppedError, UnknownOptionError } from '../errors.ts'
import { checkOptions, is } from '../options.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { oneForOne } from '../supervision/one-for-one.ts'
import { behaviourContract } from '../testing/behaviour-contract.ts'
import { LocalSystem } from './local-system.ts'
import { checkSystemOptions } from './system-options.ts'

behaviourContract(
  test,
  'one node',
  async () => {
    const system = await createSystem({ name: 'one', log: false })
    return { here: system, there: system, close: () => system.stop() }
  },
  { oneNode: true },
)

interface Echo {
  echo: (value: unknown) => unknown
}
const Echo: Protocol<Echo> = protocol('echo')
const echo = actor(Echo, () => ({ echo: (value) => value }))

// Options

test('an option nobody reads is an error that asks: did you mean', async (t) => {
  const misspelt: readonly (readonly [given: object, message: RegExp])[] = [
    [{ name: 'a', askTimeout: 1 }, /createSystem: unknown option "askTimeout"; did you mean "askTimeoutMs"\?/],
    [{ name: 'a', Transport: {} }, /did you mean "transport"\?/],
    [{ name: 'a', ASKTIMEOUTMS: 1 }, /did you mean "askTimeoutMs"\?/],
    [{ name: 'a', seed: [] }, /did you mean "seeds"\?/],
    [{ name: 'a', colour: 'red' }, /unknown option "colour"; known options: name, transport, cluster/],
    [{ name: 'a', toString: () => 'x' }, /unknown option "toString"/],
  ]

  for (const [given, message] of misspelt) {
    const options = given as { name: string }
    const error = await t.throwsAsync(createSystem(options), { instanceOf: UnknownOptionError, message })
    t.is(error.code, 'UNKNOWN_OPTION')
  }
  const backoff: object = { minMS: 1 }
  t.throws(() => oneForOne({ backoff }), { instanceOf: UnknownOptionError, message: /"minMS"; did you mean "minMs"/ })
})

test('an option of a wrong value is an error that says what it must be and what it is', async (t) => {
  const wrong: readonly (readonly [given: object, message: RegExp])[] = [
    [{ name: '' }, /createSystem: option "name" must be a non-empty string, got ""/],
    [{ name: 'a', askTimeoutMs: 0 }, /option "askTimeoutMs" must be a number of at least 1, got 0/],
    [{ name: 'a', askTimeoutMs: Number.NaN }, /"askTimeoutMs" must be a number of at least 1, got NaN/],
    [{ name: 'a', seeds: 'ws://b' }, /"seeds" must be an array of addresses.*, got "ws:\/\/b"/],
    [{ name: 'a', log: true }, /"log" must be a function, got true/],
  ]

  for (const [given, message] of wrong)
    await t.throwsAsync(createSystem(given as { name: string }), { instanceOf: InvalidOptionError, message })
  t.throws(() => oneForOne({ backoff: { jitter: 2 } }), { message: /"jitter" must be a number from 0 to 1, got 2/ })
  t.throws(() => oneForOne({ maxRestarts: 1.5 }), {
    message: /"maxRestarts" must be an integer of at least 0, got 1.5/,
  })
})

test('checks take the ends of their ranges, and absent or undefined options', (t) => {
  const known = { some: is.number(1, 2), whole: is.integer(0), one: is.oneOf('a', 'b'), yes: is.boolean }

  for (const given of [
    undefined,
    {},
    { some: undefined },
    { some: 1 },
    { some: 2 },
    { whole: 0, one: 'b', yes: false },
  ])
    t.notThrows(() => checkOptions('here', given, known))
  for (const given of [{ some: 0.9 }, { some: 2.1 }, { some: '1' }, { whole: -1 }, { one: 'c' }, { yes: 0 }])
    t.throws(() => checkOptions('here', given, known), { instanceOf: InvalidOptionError })
})

// Events

test('every listener is told of every event, also twice if it subscribed twice, and nothing after it has left', async (t) => {
  const lines: string[] = []
  const system = await createSystem({
    name: 'a',
    runtime: manualRuntime(),
    log: (level, _path, message) => lines.push(`${level} ${message}`),
  })
  const heard: string[] = []
  const listener = (event: { type: string }): void => void heard.push(event.type)
  system.events.subscribe(() => {
    throw new Error('a bad listener')
  })
  const leave = system.events.subscribe(listener)
  system.events.subscribe(listener)
  const ref = system.spawn(actor('deaf', () => ({}))) as Ref<Record<string, () => void>>

  await t.throwsAsync(ref.ask('x'))
  leave()
  await t.throwsAsync(ref.ask('x'))

  t.deepEqual(heard, ['dead-letter', 'dead-letter', 'dead-letter'])
  t.deepEqual(lines, ['error a listener of system events threw', 'error a listener of system events threw'])
})

// Names and registrations

test('find answers at once, later, or after its time with ServiceNotFoundError that says what to do', async (t) => {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime })
  const nobody = t.throwsAsync(system.find(Echo, { timeoutMs: 50 }), { instanceOf: ServiceNotFoundError })
  const patient = system.find(Echo)
  await runtime.advance(50)
  t.regex((await nobody).message, /no actor registered for protocol "echo" within 50 ms; register one with/)

  const ref = system.spawn(echo)
  system.register(Echo, ref)
  system.register(Echo, ref)

  t.is(await patient, ref)
  t.is(await system.find(Echo), ref)
  t.deepEqual(system.findAll(Echo), [ref])
})

test('only an actor of this node can be registered here', async (t) => {
  const system = await createSystem({ name: 'a' })
  const other = await createSystem({ name: 'b' })

  t.throws(() => system.register(Echo, other.spawn(echo)), { instanceOf: InvalidOptionError })
  t.throws(() => system.register(Echo, {} as Ref<Echo>), { instanceOf: InvalidOptionError })
  await Promise.all([system.stop(), other.stop()])
})

test('an actor that is gone already is not registered any more, so that nobody finds it', async (t) => {
  const system = await createSystem({ name: 'a', runtime: manualRuntime() })
  const ref = system.spawn(echo)
  await system.stop(ref)

  system.register(Echo, ref)

  t.deepEqual(system.findAll(Echo), [])
})

test('an actor may be registered under several protocols, and leaves all of them at its end', async (t) => {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime })
  const Other: Protocol<Echo> = protocol('other')
  const both = actor(Echo, (context) => {
    context.register(Echo)
    context.register(Other)
    return { echo: (value) => value }
  })
  const first = system.spawn(both)
  const second = system.spawn(both)
  await runtime.settle()
  t.deepEqual(system.findAll(Other), [first, second])

  await system.stop(first)

  t.deepEqual(system.findAll(Echo), [second])
  t.deepEqual(system.findAll(Other), [second])
})

test('an answered ask leaves no deadline behind, and a stopped actor no way in from abroad', async (t) => {
  const system = new LocalSystem(checkSystemOptions({ name: 'a', runtime: manualRuntime() }, ALL_PARTS), ALL_PARTS)
  const ref = system.spawn<Echo>(echo)
  const abort = new AbortController()
  if (ref instanceof ActorRef) ref.toWire()
  const uid = Number(ref.id.split('/')[1])

  await Promise.all([ref.ask('echo', 1), ref.ask('echo', 2, { signal: abort.signal })])

  t.is(system.timers.size, 0)
  t.is(getEventListeners(abort.signal, 'abort').length, 0)
  t.is(system.local(uid)?.path, ref.path)
  await system.stop(ref)
  t.is(system.local(uid), null)
})

// The end

test('a stop that an actor holds up ends after five times stopTimeoutMs at the latest, and asks fail afterwards', async (t) => {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false, stopTimeoutMs: 100 })
  const stuck = actor('stuck', () => ({ hang: () => new Promise<void>(() => {}) }))
  const refs = Array.from({ length: 20 }, () => system.spawn(stuck))
  for (const ref of refs) ref.tell('hang')
  await runtime.settle()
  let stopped = -1
  void system.stop().then(() => {
    stopped = runtime.clock.now()
  })

  await runtime.advance(2_000)

  t.is(stopped, 500)
  await t.throwsAsync(refs[0]!.ask('hang'), { message: /stopped/ })
  t.throws(() => system.spawn(echo), { instanceOf: SystemStoppedError })
})

test('system.stop stops an actor at any depth below /user, and nothing that belongs to the runtime', async (t) => {
  const system = await createSystem({ name: 'a', log: false })
  const ended: string[] = []
  const leaf = actor('leaf', (context) => {
    context.onStop(() => void ended.push('leaf'))
    return { ping: () => 'pong' }
  })
  const parent = actor('parent', (context) => ({ child: () => context.spawn(leaf, { name: 'leaf' }) }))
  const ref = system.spawn(parent, { name: 'parent' })
  const child = await ref.ask('child')

  await system.stop(child)
  t.deepEqual(ended, ['leaf'])
  await system.stop(child)
  t.truthy(await ref.ask('child'))
  const internal = system.inspect({ depth: 9 }).actors.find(({ path }) => path.startsWith('/system/'))
  t.truthy(internal)
  await t.throwsAsync(system.stop(Reflect.get(system, 'receptionist')), { message: /below \/user/ })
  await system.stop()
})

test('a system without a transport says so to whoever wants to connect it', async (t) => {
  const system = await createSystem({ name: 'alone', log: false })

  await t.throwsAsync(system.connect('memory://b'), { instanceOf: InvalidOptionError, message: /transport/ })
  await system.stop()
})

test('a protocol without an id, an actor without a set-up and an empty seed are refused, with what they must be', async (t) => {
  t.throws(() => protocol(''), { instanceOf: InvalidOptionError, message: /protocol: .*non-empty string/ })
  t.throws(() => actor('x', undefined as never), {
    message: /actor "x": option "setup" must be a function that returns/,
  })
  t.throws(() => actor({} as never, () => ({})), { message: /a name or made by protocol/ })
  await t.throwsAsync(createSystem({ name: 'a', seeds: [''] }), { message: /without a port to listen on has none/ })
  const system = await createSystem({ name: 'a', log: false })
  const ref = system.spawn(echo)
  const wrong = await t.throwsAsync(ref.ask('echo', 1, 500 as never))
  t.regex(wrong?.message ?? '', /options" must be an object, got 500/)
  await system.stop()
})
