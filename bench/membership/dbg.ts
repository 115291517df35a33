import { GossipLoop } from '../../packages/core/src/testing/gossip-loop.ts'
const n = Number(process.argv[2])
const loop = new GossipLoop({ seed: 1 })
const counts = new Map<string, number>()
loop.onEvent = (_n, e) => counts.set(e.type, (counts.get(e.type) ?? 0) + 1)
loop.lossPerMille = 10
for (let i = 0; i < n; i++) { loop.add(`n${i}`, i === 0 ? null : `n${i >> 1}`); loop.run(3) }
for (let s = 0; s < 60; s += 3) {
  loop.run(3000)
  const l = loop.node('n0').machine
  const st: Record<string, number> = {}
  for (const m of l.members) st[m.state + (m.suspected ? '?' : '') + (m.reachable ? '' : '!')] = (st[m.state + (m.suspected ? '?' : '') + (m.reachable ? '' : '!')] ?? 0) + 1
  const d = new Set(loop.living.map((x) => x.machine.digest)).size
  console.log(loop.nowMs, JSON.stringify(st), 'digests', d, 'lens', Math.min(...loop.living.map((x) => x.machine.members.length)), 'ailing', Math.max(...loop.living.map(x=>x.machine.ailing)), JSON.stringify([...counts]), loop.messages, loop.records)
}
