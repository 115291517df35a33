import { type Actor, type ActorSystem, actor, oneForOne, protocol, type Ref } from '@troupe/core'
import { singleton } from '@troupe/core/cluster'
import type { Checker, CheckResult, HistoryEvent, SimulatedCluster, SimulatedNode } from '@troupe/testkit'
import { join, type MemberNote } from './members.ts'

interface Desk {
  /** A word of a sender, which counts its words. */
  put: (word: { readonly from: string; readonly n: number }) => void
  where: () => Incarnation
}
const Desk = protocol<Desk>('sim.desk')

interface Speaker {
  speak: () => void
  rest: () => void
}
const Speaker = protocol<Speaker>('sim.speaker')

/** An incarnation of the singleton, when it begins and when it ends. */
interface Incarnation {
  readonly run: string
  readonly fence: number
}

/** A word, when it is told and when it is handled. */
interface Word {
  readonly from: string
  readonly n: number
}
type Handled = Word & Incarnation

/** How a cluster with a singleton is to behave. */
export interface Play {
  /** One failure in so many words; 0 for none. */
  readonly failsOneIn: number
  /** Restarts that it has before it moves on. */
  readonly maxRestarts: number
  /** How long it takes for some words, in ms. */
  readonly workMs: number
}

interface Player {
  readonly speaker: Ref<Speaker>
  readonly desk: Ref<Desk>
  /** It leaves no more. */
  stays: boolean
}

const players = new WeakMap<SimulatedNode, Player>()

/** A node that tells the singleton words, hosts it when it is its turn, and now and then leaves in order. */
export async function enter(node: SimulatedNode, play: Play): Promise<void> {
  const system = await join(node)
  const desk = singleton(system, {
    name: 'desk',
    service: (fence) => service(node, system.uid, fence, play),
    supervise: oneForOne({ maxRestarts: play.maxRestarts, backoff: { minMs: 20, maxMs: 200 } }),
    handOverMs: 3_000,
  })
  system.events.subscribe((event) => {
    if (event.type === 'peer-lost') node.note('lost', event.peer.uid)
    // Above the limit it may be lost, too.
    if (event.type === 'dead-letter' && event.message === 'put')
      node.note(event.reason === 'mailbox-full' ? 'lost' : 'dead', event.target)
    if (event.type === 'singleton-stopped' && event.reason === 'gave-up') node.note('gave-up', system.uid)
  })
  const speaker = system.spawn(speaking(node, system.uid, desk))
  players.set(node, { speaker, desk, stays: false })
  if (node.incarnation <= 2 && node.random.below(2) === 0) {
    node.runtime.scheduler.after(2_000 + node.random.below(6_000), () => void leave(node, system, speaker))
  }
}

async function leave(node: SimulatedNode, system: ActorSystem, speaker: Ref<Speaker>): Promise<void> {
  if (system.stopped || players.get(node)?.stays === true) return
  await system.stop(speaker)
  node.note('leaving', system.uid)
  await system.stop()
  node.note('left', system.uid)
  node.exit('it has left')
}

function service(node: SimulatedNode, run: string, fence: number, play: Play): Actor<Desk> {
  const { failsOneIn, workMs } = play
  return actor(Desk, (context) => {
    const me: Incarnation = { run, fence }
    node.note('begins', me)
    context.onStop(() => node.note('ends', me))
    return {
      put: async (word) => {
        if (workMs > 0 && context.random.below(4) === 0)
          await new Promise<void>((resolve) => void node.runtime.scheduler.after(workMs, resolve))
        node.note('handled', { ...word, ...me } satisfies Handled)
        if (failsOneIn > 0 && context.random.below(failsOneIn) === 0) throw new Error('as it happens')
      },
      where: () => me,
    }
  })
}

function speaking(node: SimulatedNode, from: string, desk: Ref<Desk>): Actor<Speaker> {
  return actor(Speaker, (context) => {
    let n = 0
    let isResting = false
    context.after(context.random.below(100), 'speak')
    return {
      speak: () => {
        if (isResting) return
        for (let burst = 1 + context.random.below(3); burst > 0; burst--) {
          const word: Word = { from, n: ++n }
          node.note('sent', word)
          desk.tell('put', word)
        }
        context.after(20 + context.random.below(150), 'speak')
      },
      rest: () => {
        isResting = true
      },
    }
  })
}

/** For `converged`: nobody leaves any more. */
export function stay({ nodes }: SimulatedCluster): void {
  for (const node of nodes.values()) {
    const player = players.get(node)
    if (player !== undefined) player.stays = true
  }
}

/** Nobody says anything any more. */
export function fallSilent({ nodes }: SimulatedCluster): void {
  for (const node of nodes.values()) players.get(node)?.speaker.tell('rest')
}

/** For `settle`: from each node the singleton answers, and it is one and the same. */
export async function askDesk(cluster: SimulatedCluster): Promise<void> {
  // Two clusters that have just become one agree in a moment.
  await cluster.sleep(2_000)
  const answered: Incarnation[] = []
  for (const name of [...cluster.nodes.keys()]) {
    for (let left = 19; ; left--) {
      // One that crashes after all never answers.
      const silence = cluster.sleep(2_500).then(() => null)
      const answer = await Promise.race([silence, askFrom(cluster.nodes.get(name)).catch(() => null)])
      if (answer !== null) {
        answered.push(answer)
        break
      }
      if (left === 0) throw new Error(`nobody answers ${name}`)
      await cluster.sleep(200)
    }
  }
  const hosts = new Set(answered.map(({ run }) => run))
  if (hosts.size > 1) throw new Error(`${[...hosts].join(' and ')} both answer for one singleton`)
  const present = new Set([...cluster.nodes.values()].map(({ system }) => system.uid))
  const last = answered.reduce((most, { fence }) => Math.max(most, fence), 0)
  for (const { f, value } of cluster.history) {
    // Of those that are there: what only the dead knew, nobody can be above.
    const isRefused =
      f === 'begins' &&
      present.has((value as Incarnation).run) &&
      !hosts.has((value as Incarnation).run) &&
      (value as Incarnation).fence > last
    if (isRefused) throw new Error(`what answers is worth nothing: ${(value as Incarnation).run} had a later fence`)
  }
  await cluster.sleep(1_000)
}

async function askFrom(node: SimulatedNode | undefined): Promise<Incarnation | null> {
  const player = node === undefined ? undefined : players.get(node)
  return player === undefined ? null : player.desk.ask('where', undefined, { timeoutMs: 2_000 })
}

/** Law 16: no two of one cluster at once, as far as its membership goes; and what a resource with a fence takes is in order. */
export const oneAtATime: Checker = {
  name: 'one at a time',
  check(history) {
    const downs = new Set<string>()
    /** When a run has met another one, in ms. */
    const met = new Map<string, number>()
    const runs = new Map<string, string>()
    const gone = new Set<string>()
    const tenures = new Set<string>()
    /** The open ones, by run. */
    const open = new Map<string, Incarnation>()
    let latest: Incarnation = { run: '', fence: 0 }
    let admitted: Incarnation = latest
    const heard = new Map<string, number>()
    for (const event of history) {
      if (event.f === 'member-down') {
        const { run, member } = event.value as MemberNote
        downs.add(`${run} ${member}`)
      } else if (event.f === 'member-joined') {
        const { run, member } = event.value as MemberNote
        met.set(`${run} ${member}`, event.at ?? 0)
      } else if (event.f === 'run') {
        // What ran there before is over.
        const { run, node } = event.value as { readonly run: string; readonly node: string }
        const before = runs.get(node) ?? ''
        open.delete(before)
        gone.add(before)
        runs.set(node, run)
      } else if (event.f === 'begins') {
        const one = event.value as Incarnation
        const wrong = begin(one, open, latest, { downs, met, gone, tenures, nowMs: event.at ?? 0 })
        if (wrong !== null) return illegal(wrong, event)
        open.set(one.run, one)
        tenures.add(tenureOf(one))
        if (one.fence > latest.fence) latest = one
      } else if (event.f === 'ends') {
        const { run, fence } = event.value as Incarnation
        if (open.get(run)?.fence === fence) open.delete(run)
      } else if (event.f === 'handled') {
        const { from, n, ...by } = event.value as Handled
        if (by.fence < admitted.fence) continue
        if (by.fence === admitted.fence && by.run !== admitted.run)
          return illegal(`${by.run} and ${admitted.run} share fence ${by.fence}`, event)
        admitted = by
        if (n <= (heard.get(from) ?? 0)) return illegal(`word ${n} of ${from} came after ${heard.get(from)}`, event)
        heard.set(from, n)
      }
    }
    return { verdict: 'ok' }
  },
}

/** What nodes know of each other. */
interface Acquaintance {
  readonly downs: ReadonlySet<string>
  readonly met: ReadonlyMap<string, number>
  /** Runs that are over. */
  readonly gone: ReadonlySet<string>
  readonly tenures: ReadonlySet<string>
  readonly nowMs: number
}

/** An incarnation's time on its node, restarts included. */
function tenureOf({ run, fence }: Incarnation): string {
  return `${run} ${Math.floor(fence / 1024)}`
}

/** Two clusters may become one: it takes them a moment to agree, in ms. */
const MEETING_MS = 1_000

function begin(
  one: Incarnation,
  open: ReadonlyMap<string, Incarnation>,
  latest: Incarnation,
  { downs, met, gone, tenures, nowMs }: Acquaintance,
): string | null {
  const { run, fence } = one
  const knows = (other: string): boolean => (met.get(`${run} ${other}`) ?? nowMs) < nowMs - MEETING_MS
  if (fence === latest.fence) return `fence ${fence} is given twice`
  // Replaced already, and it does not know yet: then what it gets must be worth nothing.
  if (downs.has(`${latest.run} ${run}`)) {
    if (fence < latest.fence) return null
    if (open.has(latest.run)) return `${run} is down, and goes on with a newer fence`
  }
  // One tenure goes on when whoever had a later one is gone, and all who knew of that.
  const goesOn = tenures.has(tenureOf(one)) && gone.has(latest.run)
  if (fence < latest.fence && !goesOn && (run === latest.run || knows(latest.run)))
    return `fence ${fence} comes after ${latest.fence}`
  for (const other of open.values()) {
    if (other.run !== run && knows(other.run) && !downs.has(`${run} ${other.run}`))
      return `it begins on ${run}, while it runs on ${other.run}, which is not down`
  }
  return null
}

/** Where nodes only come and go in order, each word that is told is handled. */
export const nothingLost: Checker = {
  name: 'nothing lost',
  check(history) {
    const ends = new Set(history.filter(({ f }) => f === 'leaving').map(({ value }) => value as string))
    const isCalm = history.every(({ f, value }) => {
      if (f === 'member-unreachable' || f === 'lost') return false
      return f !== 'member-down' || ends.has((value as MemberNote).member)
    })
    if (!isCalm) return { verdict: 'ok' }
    const handled = new Set<string>()
    const open = new Set<string>()
    /** Whoever left when there was nobody to take over what waited. */
    const alone = new Set<string>()
    for (const { f, value } of history) {
      if (f === 'handled') handled.add(`${(value as Handled).from} ${(value as Handled).n}`)
      else if (f === 'begins') open.add((value as Incarnation).run)
      else if (f === 'ends') open.delete((value as Incarnation).run)
      else if (f === 'left' && open.size === 0) alone.add(value as string)
    }
    for (const event of history) {
      if (event.f !== 'sent') continue
      const { from, n } = event.value as Word
      if (!handled.has(`${from} ${n}`) && !alone.has(from))
        return illegal(`word ${n} of ${from} was never handled`, event)
    }
    return { verdict: 'ok' }
  },
}

function illegal(message: string, event: HistoryEvent): CheckResult {
  return { verdict: 'illegal', message, conflict: [event] }
}
