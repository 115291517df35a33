import test from 'ava'
import { createSystem, diagnosis, discovery, inspection, interception, type Part, proofs } from './client.ts'
import { MissingPartError } from './errors.ts'
import {
  actor,
  type Interceptor,
  InvalidOptionError,
  protocol,
  type Runtime,
  staticSeeds,
  UnknownOptionError,
} from './index.ts'
import { manualRuntime } from './runtime/manual.ts'
import type { Transport } from './transport/transport.ts'

const Echo = protocol<{ echo: (n: number) => number }>('echo')
const Hearer = protocol<{ hear: () => void }>('hearer')

const start = (options: object, ...parts: readonly Part[]) =>
  createSystem({ name: 'page', log: false, runtime: manualRuntime() as Runtime, ...options, parts })

const transport: Transport = {
  name: 'none',
  listen: async () => null,
  dial: () => Promise.reject(new Error('nobody there')),
  close: async () => {},
}

test('a page hosts actors, which answer', async (t) => {
  const system = await createSystem({ name: 'page' })
  const echo = system.spawn(actor(Echo, () => ({ echo: (n) => n })))

  t.is(await echo.ask('echo', 7), 7)
  await system.stop()
})

test('what belongs to a part that is not named is refused, with the name of the part', async (t) => {
  const refused = async (part: string, work: () => unknown): Promise<void> => {
    const error = await t.throwsAsync(async () => work(), { instanceOf: MissingPartError, code: 'MISSING_PART' })
    t.is(error.part, part)
  }
  await refused('proofs', () => start({ secret: 'a secret of 16 bytes' }))
  await refused('interception', () => start({ messages: 'frozen' }))
  await refused('interception', () => start({ interceptors: [{ sent: () => {} }] }))
  await refused('discovery', () => start({ transport, seeds: staticSeeds(['memory://a']) }))
  const system = await start({})
  const ref = system.spawn(actor('idle', () => ({})))
  await refused('inspection', () => system.inspect())
  await refused('inspection', () => system.snapshot(ref))
})

test('with its part, each works as it does in a node', async (t) => {
  const sent: string[] = []
  const interceptor: Interceptor = { sent: ({ name }) => void sent.push(name) }
  const system = await start(
    { secret: 'a secret of 16 bytes', interceptors: [interceptor], transport, seeds: staticSeeds([]) },
    ...[proofs, interception, inspection, diagnosis, discovery],
  )
  const ref = system.spawn(
    actor(Hearer, () => ({ hear: () => {} })),
    { name: 'idle' },
  )
  ref.tell('hear')

  t.deepEqual(sent, ['hear'])
  t.deepEqual(
    system.inspect({ below: '/user/idle' }).actors.map(({ path }) => path),
    ['/user/idle'],
  )
  t.is(system.snapshot(ref)?.path, '/user/idle')
})

test('options of a page are checked at the door: it is a client, and no member', async (t) => {
  await t.throwsAsync(start({ role: 'node' }), { instanceOf: InvalidOptionError, message: /"role"/ })
  await t.throwsAsync(start({ membership: true }), { instanceOf: InvalidOptionError, message: /no member/ })
  await t.throwsAsync(start({ sede: [] }), { instanceOf: UnknownOptionError })
  await t.throwsAsync(createSystem({ name: 'page', parts: 'all' as never }), { instanceOf: InvalidOptionError })
})
