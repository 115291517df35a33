import { GossipLoop } from '../../packages/core/src/testing/gossip-loop.ts'
const n = Number(process.argv[2])
const loop = new GossipLoop({ seed: 1 })
let up = 0
loop.onEvent = (_n, e) => { if (e.type === 'member-up') up++ }
const kinds = new Map<string, number[]>()
loop.passes = () => true
loop.spy = (m) => { const k = kinds.get(m.kind) ?? [0, 0]; k[0]!++; k[1]! += m.records.length; kinds.set(m.kind, k) }
for (let i = 0; i < n; i++) { loop.add(`n${i}`, i === 0 ? null : `n${i >> 1}`); loop.run(Math.floor(1000 / n)) }
loop.lossPerMille = 10
const t = process.cpuUsage()
const ms = loop.until(() => up === n * n, 200_000)
const c = process.cpuUsage(t)
console.log(n, ms, 'cpu', (c.user + c.system) / 1e6, [...kinds].map(([k, [m, r]]) => `${k} ${m} msgs ${r} recs`).join('; '))
