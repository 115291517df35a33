import { setTimeout as sleep } from 'node:timers/promises'
import type { MemberProcess } from '../../packages/transport-ws/src/testing/member-process.ts'
import { sharedNowMs } from '../../packages/transport-ws/src/testing/member-process.ts'
import type { Bench, Report, RunOptions } from '../bench.ts'
import { Cluster, seen } from './cluster.ts'
import { Namespaces } from './namespaces.ts'

const SIZE = 5
/** How long a closed socket may go unnoticed, and a process that is gone unsuspected by anybody, in ms. */
const LOST_MS = 1_000
const SUSPECTED_MS = 5_000
/** Within the time that a decision takes by default, and beyond it. */
const PAUSES_S = [10, 20]
const PARTS = ['kills', 'block', 'pause', 'partition'] as const

/** What members of a real cluster with default options see of outages, and when. */
export const outages: Bench = {
  name: 'outages',
  about:
    'kills, pauses, blocks and parts five real members; minutes; [--kills=10] [--only=kills,block,pause,partition]',
  rounds: 1,
  extra: { kills: /^[1-9]\d*$/, only: new RegExp(`^(${PARTS.join('|')})(,(${PARTS.join('|')}))*$`) },
  async run({ quick, extra }: RunOptions): Promise<Report> {
    const wanted = extra.only?.split(',') ?? (quick ? ['kills'] : PARTS)
    const lines: string[] = []
    const json: Record<string, unknown> = {}
    const failed: string[] = []
    const note = (name: string, part: Part): void => {
      lines.push(...part.lines)
      json[name] = part.json
      failed.push(...part.failed)
    }
    const cluster = await Cluster.start(quick ? 3 : SIZE)
    try {
      if (wanted.includes('kills')) note('kills', await kills(cluster, quick ? 1 : Number(extra.kills ?? 10)))
      if (wanted.includes('block')) note('block', await block(cluster))
      if (wanted.includes('pause'))
        for (const seconds of PAUSES_S) note(`pause ${seconds} s`, await pause(cluster, seconds))
    } finally {
      await cluster.stop()
    }
    if (wanted.includes('partition')) note('partition', await partition())
    const report = { json, text: lines.join('\n') }
    return failed.length === 0 ? report : { ...report, failed: failed.join('\n') }
  },
}

interface Part {
  readonly lines: readonly string[]
  readonly json: unknown
  readonly failed: readonly string[]
}

/** What is looked for after a kill: by the first of the others, or by all of them. */
const MARKS = [
  { name: 'connection lost, all', event: 'peer-lost', all: true },
  { name: 'suspected, first', event: 'member-suspected', all: false },
  { name: 'suspected, all', event: 'member-suspected', all: true },
  { name: 'unreachable, all', event: 'member-unreachable', all: true },
  { name: 'down, all', event: 'member-down', all: true },
] as const

async function kills(cluster: Cluster, count: number): Promise<Part> {
  const times = MARKS.map((): number[] => [])
  for (let i = 0; i < count; i++) {
    // Probes have phases: one that is killed at the same instant of its life again and again says little.
    await sleep((i * 370) % 1_000)
    const victim = cluster.members[i % cluster.members.length]!
    const others = cluster.others(victim)
    const sinceMs = sharedNowMs()
    await victim.kill()
    await Promise.all(others.map((member) => member.sees('member-down', victim.name, sinceMs)))
    for (const [mark, { event, all }] of MARKS.entries()) {
      const each = others.map((member) => member.sawAfterMs(event, victim.name, sinceMs) ?? Number.POSITIVE_INFINITY)
      // One that has heard of the next step before may leave one out.
      const ms = all ? Math.max(...each.filter(Number.isFinite)) : Math.min(...each)
      times[mark]!.push(ms)
    }
    await cluster.replace(victim)
    console.error(`${String(i + 1).padStart(5)} of ${count} kills: down to all after ${ms(times.at(-1)!.at(-1)!)}`)
  }
  const rows = MARKS.map(({ name }, mark) => ({
    name,
    p50: quantile(times[mark]!, 0.5),
    p99: quantile(times[mark]!, 0.99),
  }))
  const failed = [
    ...(rows[0]!.p99 > LOST_MS ? [`a closed socket was noticed after ${rows[0]!.p99} ms; ${LOST_MS} are allowed`] : []),
    ...(rows[1]!.p99 > SUSPECTED_MS
      ? [`a kill was noticed after ${rows[1]!.p99} ms; ${SUSPECTED_MS} are allowed`]
      : []),
  ]
  const lines = [
    `SIGKILL, ${count} times, ${cluster.members.length} members:`,
    ...rows.map(({ name, p50, p99 }) => `  ${name.padEnd(22)} median ${ms(p50)}  p99 ${ms(p99)}`),
  ]
  return { lines, json: { count, rows }, failed }
}

async function block(cluster: Cluster): Promise<Part> {
  const victim = cluster.members[0]!
  const sinceMs = sharedNowMs()
  victim.tell({ blockMs: 4_000 })
  await victim.until('the end of the block', () => victim.blockedUntilMs > sinceMs)
  await sleep(8_000)
  const said = counts(cluster, victim, sinceMs)
  const failed =
    said.falselyDown + said.accused > 0 ? ['a blocked event loop was a reason to be down, or to accuse others'] : []
  return { lines: [`event loop blocked for 4 s: ${inWords(said)}`], json: said, failed }
}

async function pause(cluster: Cluster, seconds: number): Promise<Part> {
  const victim = cluster.members[1]!
  const sinceMs = sharedNowMs()
  victim.process.kill('SIGSTOP')
  await sleep(seconds * 1_000)
  victim.process.kill('SIGCONT')
  const ended = await Promise.race([victim.exited.then(() => true), sleep(15_000).then(() => false)])
  const said = counts(cluster, victim, sinceMs)
  const back = ended ? await cluster.replace(victim) : victim
  const outcome = ended
    ? `it was down, ended, and is back as another run (${victim.uid !== back.uid})`
    : 'it is a member still, as the same run'
  const failed = said.accused > 0 ? ['a member that was paused accused others'] : []
  return { lines: [`SIGSTOP for ${seconds} s: ${inWords(said)}; ${outcome}`], json: { ...said, ended }, failed }
}

async function partition(): Promise<Part> {
  const spaces = Namespaces.create(SIZE)
  if (typeof spaces === 'string') {
    return {
      lines: [`partition: SKIPPED, no network namespaces here (${spaces})`],
      json: { skipped: spaces },
      failed: [],
    }
  }
  let cluster: Cluster | null = null
  try {
    cluster = await Cluster.start(SIZE, spaces)
    const { members } = cluster
    const [here, there] = [members.slice(0, 3), members.slice(3)]
    const sinceMs = sharedNowMs()
    spaces.part([3, 4])
    await Promise.all(there.map(({ exited }) => exited))
    const minorityMs = sharedNowMs() - sinceMs
    await Promise.all(here.flatMap((member) => there.map(({ name }) => member.sees('member-down', name, sinceMs))))
    const majorityMs = Math.max(
      ...here.flatMap((m) => there.map(({ name }) => m.sawAfterMs('member-down', name, sinceMs)!)),
    )
    const falselyDown = seen(here, ['member-down'], sinceMs).filter(({ sighting }) =>
      here.some(({ name }) => name === sighting.about),
    )
    spaces.heal()
    const healedMs = sharedNowMs()
    for (const member of there) await cluster.replace(member)
    const wholeMs = sharedNowMs() - healedMs
    const failed = falselyDown.length > 0 ? ['a member of the majority was down'] : []
    const line = `partition 3 | 2: the 2 have ended after ${ms(minorityMs)}, and are down to the 3 after ${ms(majorityMs)}; whole again ${ms(wholeMs)} after it healed`
    return { lines: [line], json: { minorityMs, majorityMs, wholeMs }, failed }
  } finally {
    await cluster?.stop()
    spaces.remove()
  }
}

interface Counts {
  /** How many of the others suspected the victim, and took it for unreachable and down. */
  readonly suspected: number
  readonly unreachable: number
  readonly falselyDown: number
  /** Of how many others the victim thought so. */
  readonly accused: number
}

function counts(cluster: Cluster, victim: MemberProcess, sinceMs: number): Counts {
  const by = (event: string): number =>
    seen(cluster.others(victim), [event], sinceMs).filter(({ sighting }) => sighting.about === victim.name).length
  const accusations = seen([victim], ['member-suspected', 'member-unreachable', 'member-down'], sinceMs)
  return {
    suspected: by('member-suspected'),
    unreachable: by('member-unreachable'),
    falselyDown: by('member-down'),
    accused: accusations.filter(({ sighting }) => sighting.about !== victim.name).length,
  }
}

function inWords({ suspected, unreachable, falselyDown, accused }: Counts): string {
  return `suspected by ${suspected}, unreachable to ${unreachable}, down to ${falselyDown} others; it accused ${accused}`
}

function quantile(list: readonly number[], q: number): number {
  const sorted = list.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)]!
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`.padStart(9)
}
