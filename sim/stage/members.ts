import type { ActorSystem, Member, MembershipOptions, SystemOptions } from '@troupe/core'
import type { Checker, HistoryEvent, SimulatedCluster, SimulatedNode } from '@troupe/testkit'
import { noteStalls, type StallNote } from './link-notes.ts'

/** Short, so that a run sees many suspicions and what comes of them. */
export const MEMBERSHIP: MembershipOptions = {
  probePeriodMs: 250,
  suspicionPeriods: 4,
  stableAfterMs: 1_000,
  removeAfterMs: 3_000,
  syncPeriodMs: 2_000,
  aloneAfterMs: 2_000,
}

/** A pause below this is no reason to be down: a probe, a suspicion and the wait for a stable view take longer. In ms. */
const BOUND_MS = 1_500

/** What a node sees of a member. */
export interface MemberNote {
  /** Uid of the run that says so. */
  readonly run: string
  /** Uid of the member. */
  readonly member: string
}

/**
 * A node that takes part in the membership of its cluster, and ends its process when it counts as down: whatever looks
 * after processes starts it anew.
 */
export async function join(
  node: SimulatedNode,
  options: MembershipOptions = {},
  terms: Partial<SystemOptions> = {},
): Promise<ActorSystem> {
  const minMembers = (node.others.length + 1) / 2 + 1
  const membership = { ...MEMBERSHIP, minMembers: Math.floor(minMembers), ...options }
  const times = { heartbeatMs: 250, disconnectGraceMs: 2_000 }
  const system = await node.createSystem({ seeds: node.others, ...times, membership, ...terms })
  const run = system.uid
  node.note('run', { run, node: node.name })
  noteStalls(node, system)
  system.events.subscribe((event) => {
    if (!('member' in event)) return
    const member = event.member.uid
    node.note(event.type, { run, member } satisfies MemberNote)
    if (event.type === 'member-down' && member === run) node.exit('it counts as down')
  })
  return system
}

/** Whether all nodes run, and each sees all of them as up and nobody else. */
export function agree(cluster: SimulatedCluster): boolean {
  const systems = [...cluster.nodes.values()].map(({ system, others }) => ({ system, others }))
  if (systems.some(({ others }) => others.length >= systems.length)) return false
  const expected = systems.map(({ system }) => system.uid).sort()
  return systems.every(({ system }) => {
    const up = system.members.filter((member) => member.state !== 'down' && isWell(member)).map(({ uid }) => uid)
    const others = system.members.filter(({ state }) => state !== 'down')
    return others.length === expected.length && up.sort().join() === expected.join()
  })
}

function isWell({ state, reachable, suspected }: Member): boolean {
  return state === 'up' && reachable && !suspected
}

/** For an invariant: no two members with one uid, and each node knows itself. */
export function wrongMembers({ nodes }: SimulatedCluster): string | null {
  for (const { name, system } of nodes.values()) {
    const uids = system.members.map(({ uid }) => uid)
    if (new Set(uids).size !== uids.length) return `${name} lists a uid twice`
    if (!system.stopped && !uids.includes(system.uid)) return `${name} does not list itself`
  }
  return null
}

/** Whoever is down or removed in the eyes of a node is never again anything else to it. */
export const goneForGood: Checker = {
  name: 'gone for good',
  check(history) {
    const gone = new Map<string, HistoryEvent>()
    for (const event of history) {
      if (!isNote(event)) continue
      const { run, member } = event.value as MemberNote
      const before = gone.get(`${run} ${member}`)
      if (event.f === 'member-down') gone.set(`${run} ${member}`, event)
      else if (before !== undefined && event.f !== 'member-removed') {
        return { verdict: 'illegal', message: `${member} is ${event.f} after its end`, conflict: [before, event] }
      }
    }
    return { verdict: 'ok' }
  },
}

/** No member is down to others that runs, has its time, and is connected: in runs whose network is whole. */
export const nobodyDownFalsely: Checker = {
  name: 'nobody down falsely',
  check(history) {
    const ended = endedRuns(history)
    const judged = new Set<string>()
    for (const event of history) {
      if (event.f !== 'member-down') continue
      const { run, member } = event.value as MemberNote
      // The first to say so is the one who decided; the others have heard of it.
      if (judged.has(member)) continue
      judged.add(member)
      if (run === member ? wasOthersFault(history, event) : ended.has(member) || wasStalled(history, member, event))
        continue
      return { verdict: 'illegal', message: `${run} takes ${member} for down, which was well`, conflict: [event] }
    }
    return { verdict: 'ok' }
  },
}

/** Runs that have ended otherwise than by being told so. */
function endedRuns(history: readonly HistoryEvent[]): ReadonlySet<string> {
  const told = new Set<string>()
  for (const { f, value } of history) {
    if (f === 'member-down' && (value as MemberNote).run === (value as MemberNote).member)
      told.add((value as MemberNote).run)
  }
  const ended = new Set<string>()
  const present = new Map<string, string>()
  for (const { f, value } of history) {
    if (f === 'left') ended.add(value as string)
    if (f !== 'run') continue
    const { run, node } = value as { readonly run: string; readonly node: string }
    const before = present.get(node)
    if (before !== undefined && !told.has(before)) ended.add(before)
    present.set(node, run)
  }
  return ended
}

function wasStalled(history: readonly HistoryEvent[], run: string | null, down: HistoryEvent): boolean {
  return history.some(({ f, value, at = 0 }) => {
    if (f !== 'stalled') return false
    const note = value as StallNote
    return (run === null || note.run === run) && note.ms >= BOUND_MS && at - note.ms < (down.at ?? 0)
  })
}

/** A node may give up itself when it is left alone: when others were stalled, or are gone. */
function wasOthersFault(history: readonly HistoryEvent[], down: HistoryEvent): boolean {
  return wasStalled(history, null, down) || endedRuns(history).size > 0
}

function isNote(event: HistoryEvent): boolean {
  return event.f.startsWith('member-')
}

/**
 * Law 14: no two runs that both go on take each other for down. One that has been down for long may hear so late of it that
 * by then another one is down as well: those two do not both go on. So each must be up against whoever decided on it.
 */
export const neverBothSides: Checker = {
  name: 'never both sides',
  check(history) {
    const lastMs = lastSigns(history)
    const decidedBy = new Map<string, string>()
    const downs = new Map<string, HistoryEvent>()
    const both: (readonly [HistoryEvent, HistoryEvent])[] = []
    for (const event of history) {
      if (event.f !== 'member-down') continue
      const { run, member } = event.value as MemberNote
      const other = downs.get(`${member} ${run}`)
      downs.set(`${run} ${member}`, event)
      if (run === member) continue
      if (!decidedBy.has(member)) decidedBy.set(member, run)
      // One that has crashed meanwhile goes on no more: it is down by right.
      const isOver = (lastMs.get(member) ?? 0) < (event.at ?? 0)
      if (other !== undefined && !isOver) both.push([other, event])
    }
    const isUpAgainst = (run: string): boolean => downs.has(`${run} ${decidedBy.get(run)}`)
    for (const conflict of both) {
      const { run, member } = conflict[1].value as MemberNote
      if (!isUpAgainst(run) || !isUpAgainst(member)) continue
      return { verdict: 'illegal', message: `${run} and ${member} take each other for down`, conflict }
    }
    return { verdict: 'ok' }
  },
}

/** When each run has last said anything; infinite for one that was still there in the end. */
function lastSigns(history: readonly HistoryEvent[]): ReadonlyMap<string, number> {
  const lastMs = new Map<string, number>()
  const present = new Map<string, string>()
  for (const { f, value, at = 0 } of history) {
    const { run, node } = (value ?? {}) as { readonly run?: string; readonly node?: string }
    if (run === undefined) continue
    lastMs.set(run, at)
    if (f === 'run' && node !== undefined) present.set(node, run)
  }
  for (const run of present.values()) lastMs.set(run, Number.POSITIVE_INFINITY)
  return lastMs
}
