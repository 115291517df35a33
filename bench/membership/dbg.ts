import { GossipLoop } from '../../packages/core/src/testing/gossip-loop.ts'
const n = Number(process.argv[2])
const loop = new GossipLoop({ seed: 1 })
const counts = new Map<string, number>()
const kinds = new Map<string, number[]>()
loop.spy = (m) => { const k = kinds.get(m.kind) ?? [0, 0]; k[0]!++; k[1]! += m.records.length; kinds.set(m.kind, k) }
loop.onEvent = (_n, e) => counts.set(e.type, (counts.get(e.type) ?? 0) + 1)

for (let i = 0; i < n; i++) { loop.add(`n${i}`, i === 0 ? null : `n${i >> 1}`); loop.run(1) }
loop.lossPerMille = 10
const T0 = process.cpuUsage()

for (let s = 0; s < 45; s += 5) {
  for (let q = 0; q < 50; q++) { loop.run(100); if (process.cpuUsage(T0).user > 60e6) { console.log('stop at', loop.nowMs, loop.messages, loop.records, [...kinds].map(([k, [m, r]]) => `${k} ${m} ${r}`).join('; ')); process.exit() } }
  const l = loop.node('n0').machine
  const st: Record<string, number> = {}
  for (const m of l.members) st[m.state + (m.suspected ? '?' : '') + (m.reachable ? '' : '!')] = (st[m.state + (m.suspected ? '?' : '') + (m.reachable ? '' : '!')] ?? 0) + 1
  const d = new Set(loop.living.map((x) => x.machine.digest)).size
  console.log(process.cpuUsage(T0).user/1e6, loop.nowMs, JSON.stringify(st), 'digests', d, 'lens', Math.min(...loop.living.map((x) => x.machine.members.length)), 'ailing', Math.max(...loop.living.map(x=>x.machine.ailing)), JSON.stringify([...counts]), loop.messages, loop.records)
}
