import { Resolver } from 'node:dns/promises'
import test, { type ExecutionContext } from 'ava'
import { type NameServer, nameServer } from '../testing/name-server.ts'
import { dnsSeeds } from './dns-seeds.ts'
import { srvSeeds } from './srv-seeds.ts'

const HOST = 'nodes.example.test'
const SERVICE = '_troupe._tcp.nodes.example.test'

/** A server, and a resolver of Node that asks it and no other. */
async function served(t: ExecutionContext): Promise<{ server: NameServer; resolver: Resolver }> {
  const server = await nameServer()
  t.teardown(() => server.close())
  const resolver = new Resolver({ timeout: 100, tries: 1 })
  resolver.setServers([server.address])
  return { server, resolver }
}

function never(): AbortSignal {
  return new AbortController().signal
}

test('each address of a name is a node, of IPv4 and of IPv6, and a later look finds what has changed', async (t) => {
  const { server, resolver } = await served(t)
  const seeds = dnsSeeds({ host: HOST, port: 7_000, resolver })
  server.records.set(HOST, [
    { type: 'A', name: HOST, data: '10.0.0.1', ttl: 0 },
    { type: 'A', name: HOST, data: '10.0.0.2', ttl: 0 },
    { type: 'AAAA', name: HOST, data: 'fd00::3', ttl: 0 },
  ])

  t.deepEqual([...(await seeds.lookup(never()))].sort(), [
    'ws://10.0.0.1:7000',
    'ws://10.0.0.2:7000',
    'ws://[fd00::3]:7000',
  ])
  server.records.set(HOST, [{ type: 'A', name: HOST, data: '10.0.0.4', ttl: 0 }])
  t.deepEqual(await seeds.lookup(never()), ['ws://10.0.0.4:7000'])
  t.is(seeds.name, `dns ${HOST}`)
})

test('the records of a service say host and port', async (t) => {
  const { server, resolver } = await served(t)
  const seeds = srvSeeds({ service: SERVICE, scheme: 'wss', path: '/troupe', resolver })
  server.records.set(SERVICE, [
    { type: 'SRV', name: SERVICE, data: { target: 'a.example.test', port: 7_001 }, ttl: 0 },
    { type: 'SRV', name: SERVICE, data: { target: 'b.example.test', port: 7_002 }, ttl: 0 },
  ])

  t.deepEqual([...(await seeds.lookup(never()))].sort(), [
    'wss://a.example.test:7001/troupe',
    'wss://b.example.test:7002/troupe',
  ])
})

test('a name that does not exist, or has no such record, is nobody yet', async (t) => {
  const { server, resolver } = await served(t)
  const nodes = dnsSeeds({ host: HOST, port: 7_000, resolver })
  const service = srvSeeds({ service: SERVICE, resolver })

  t.deepEqual(await nodes.lookup(never()), [])
  t.deepEqual(await service.lookup(never()), [])
  server.records.set(HOST, [])
  server.records.set(SERVICE, [])
  t.deepEqual(await nodes.lookup(never()), [])
  t.deepEqual(await service.lookup(never()), [])
  t.is(server.questions, 6)
})

test('a service of which a record says that it is not here is nobody', async (t) => {
  const { server, resolver } = await served(t)
  server.records.set(SERVICE, [{ type: 'SRV', name: SERVICE, data: { target: '.', port: 0 }, ttl: 0 }])

  t.deepEqual(await srvSeeds({ service: SERVICE, resolver }).lookup(never()), [])
})

test('a server that fails says nothing of who is there: the look fails', async (t) => {
  const { server, resolver } = await served(t)
  server.fails = true

  await t.throwsAsync(dnsSeeds({ host: HOST, port: 7_000, resolver }).lookup(never()), { code: 'ESERVFAIL' })
  await t.throwsAsync(srvSeeds({ service: SERVICE, resolver }).lookup(never()), { code: 'ESERVFAIL' })
})

test('a look at a silent server ends when it is given up', async (t) => {
  const { server } = await served(t)
  const resolver = new Resolver({ timeout: 60_000, tries: 1 })
  resolver.setServers([server.address])
  server.silent = true
  const abort = new AbortController()
  const look = dnsSeeds({ host: HOST, port: 7_000, resolver }).lookup(abort.signal)
  abort.abort()

  await t.throwsAsync(look, { code: 'ECANCELLED' })
})

test('options are checked: a name and a port must be there', (t) => {
  t.throws(() => dnsSeeds({ host: HOST } as never), { code: 'INVALID_OPTION', message: /port/ })
  t.throws(() => dnsSeeds({ host: HOST, port: 7_000, shceme: 'ws' } as never), { message: /did you mean "?scheme/ })
  t.throws(() => srvSeeds({} as never), { code: 'INVALID_OPTION', message: /service/ })
})
