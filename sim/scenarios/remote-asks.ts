import { actor, protocol, type Ref } from '@troupe/core'
import { type Checker, type HistoryEvent, type SimulatedClient, type SimulatedNode, scenario } from '@troupe/testkit'
import { askAll, isLinked, type LinkNote, noteLinks, runOf } from '../stage/link-notes.ts'

/** What is asked: to answer `op`, after `workMs` of work; or after that to ask the next one for it. */
interface Order {
  readonly op: number
  readonly workMs: number
  readonly next: Ref<Desk> | null
}

interface Desk {
  work: (order: Order) => Promise<number> | number
}
const Desk = protocol<Desk>('sim.desk')

/** An order that a handler has begun with. */
interface Handled {
  readonly op: number
  /** Whether it is the last one to be asked. */
  readonly isLast: boolean
  readonly remainingMs: number | null
}

/** What an ask was made with. */
interface Asked {
  readonly op: number
  readonly timeoutMs: number
  readonly workMs: number
  readonly hops: number
}

/** Works on one order at a time, so that the others wait, and some for too long. */
const desk = actor(Desk, (context, node: SimulatedNode) => {
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => void node.runtime.scheduler.after(ms, () => resolve()))
  return {
    work: ({ op, workMs, next }) => {
      const { remainingMs } = context
      node.note('handled', { op, isLast: next === null, remainingMs } satisfies Handled)
      if (workMs === 0 && next === null) return op
      const work = async (): Promise<number> => {
        await pause(workMs)
        return next === null ? op : context.ask(next, 'work', { op, workMs: 0, next: null }, { timeoutMs: 60_000 })
      }
      return work()
    },
  }
})

/** Systems whose connections are written down. */
const noted = new WeakSet<object>()

async function ask(client: SimulatedClient): Promise<void> {
  const { system, random } = client
  if (!noted.has(system)) noteLinks(client, system)
  noted.add(system)
  const desks = system.findAll(Desk)
  if (desks.length === 0) return
  const asks = Array.from({ length: 1 + random.below(3) }, () => {
    const first = desks[random.below(desks.length)]!
    const next = random.below(3) === 0 ? desks[random.below(desks.length)]! : null
    const hops = next === null ? 1 : 2
    const workMs = random.below(2) === 0 ? 0 : random.below(150)
    const timeoutMs = 20 + random.below(random.below(4) === 0 ? 3_000 : 300)
    const op = client.unique()
    // Who waits for itself is told so; that is not what this is about.
    const order: Order = { op, workMs, next: next?.id === first.id ? null : next }
    const asked: Asked = { op, timeoutMs, workMs, hops: order.next === null ? 1 : hops }
    return client.operation('ask', { key: `${system.uid} ${runOf(first)}`, value: asked }, () =>
      first.ask('work', order, { timeoutMs }),
    )
  })
  await Promise.all(asks)
}

/** An ask as the client has seen it. */
interface Question extends Asked {
  readonly link: string
  readonly atMs: number
  /** When it was sent, at the earliest; null while there is no connection. */
  sentMs: number | null
  end: HistoryEvent | null
}

/** Of a link of `link` that was lost: what was under way on it has to end at that instant. */
interface Loss {
  readonly atMs: number
  readonly open: readonly Question[]
}

const TURN_MS = 3

class Asks {
  readonly #byOp = new Map<number, Question>()
  readonly #openBy = new Map<string | number, Question>()
  readonly #handled = new Map<number, number>()
  readonly #connected = new Set<string>()
  #losses: Loss[] = []

  add(event: HistoryEvent): string | null {
    const { f, type, value, at = 0 } = event
    const late = this.#late(at)
    if (late !== null) return late
    if (f === 'ask') return type === 'invoke' ? this.#asked(event) : this.#ended(event)
    if (f === 'refused') this.#isOver(value as LinkNote)
    if (f === 'handled') return this.#begun(value as Handled)
    if (f === 'up' || f === 'lost' || f === 'down') this.#link(f, value as LinkNote, at)
    return null
  }

  /** What is wrong with those that are open when all is over. */
  open(atMs: number): string | null {
    for (const question of this.#openBy.values()) {
      if (atMs > question.atMs + question.timeoutMs + TURN_MS) return `${name(question)} is open past its deadline`
    }
    return null
  }

  #asked({ process, value, key = '', at = 0 }: HistoryEvent): null {
    const question: Question = {
      ...(value as Asked),
      link: key,
      atMs: at,
      sentMs: this.#connected.has(key) ? at : null,
      end: null,
    }
    this.#byOp.set(question.op, question)
    this.#openBy.set(process, question)
    return null
  }

  #ended(event: HistoryEvent): string | null {
    const question = this.#openBy.get(event.process)
    if (question === undefined) return null
    this.#openBy.delete(event.process)
    question.end = event
    const { op, atMs, timeoutMs } = question
    const tookMs = (event.at ?? 0) - atMs
    const handled = this.#handled.get(op) ?? 0
    if (tookMs > timeoutMs + TURN_MS) return `${name(question)} has taken ${tookMs} ms`
    if (event.type === 'fail' && handled > 0) return `${name(question)} was not sent, and yet handled`
    if (event.type !== 'ok') return null
    if (event.value !== op) return `${name(question)} got the answer to ${event.value}`
    return handled === 1 ? null : `${name(question)} was answered, and handled ${handled} times`
  }

  #begun({ op, isLast, remainingMs }: Handled): string | null {
    const question = this.#byOp.get(op)
    // The last checks of a run are no operations.
    if (question === undefined) return null
    const { atMs, sentMs, workMs, hops, end } = question
    const timeoutMs = question.timeoutMs - ((sentMs ?? atMs) - atMs)
    if (remainingMs === null || remainingMs <= 0) return `${name(question)} was handled when its time was over`
    const mostMs = isLast && hops > 1 ? timeoutMs - workMs : timeoutMs
    if (remainingMs > mostMs + TURN_MS) return `${name(question)} has ${remainingMs} ms left, of ${mostMs} at most`
    if (!isLast) return null
    const times = (this.#handled.get(op) ?? 0) + 1
    this.#handled.set(op, times)
    if (times > 1) return `${name(question)} was handled ${times} times`
    return end?.type === 'fail' ? `${name(question)} was not sent, and yet handled` : null
  }

  /** The client becomes another process: what its run has asked is over, with whoever asked. */
  #isOver({ run }: LinkNote): void {
    for (const [process, { link }] of this.#openBy) if (link.startsWith(`${run} `)) this.#openBy.delete(process)
    this.#losses = this.#losses.filter(({ open }) => !open.some(({ link }) => link.startsWith(`${run} `)))
  }

  #link(f: string, { run, peer }: LinkNote, atMs: number): void {
    const link = `${run} ${peer}`
    if (f !== 'up' || this.#connected.has(link)) {
      const open = [...this.#openBy.values()].filter(
        (one) => one.link === link && one.sentMs !== null && one.sentMs < atMs,
      )
      if (open.length > 0) this.#losses.push({ atMs, open })
    }
    if (f !== 'up') return void this.#connected.delete(link)
    this.#connected.add(link)
    for (const one of this.#openBy.values()) if (one.link === link) one.sentMs ??= atMs
  }

  #late(atMs: number): string | null {
    if (this.#losses.length === 0) return null
    const over = this.#losses.filter((loss) => atMs > loss.atMs + TURN_MS)
    for (const loss of over) {
      const left = loss.open.find(({ end }) => end === null || (end.at ?? 0) > loss.atMs + TURN_MS)
      if (left !== undefined) return `${name(left)} goes on after its connection was lost`
      const notSent = loss.open.find(({ end }) => end?.type === 'fail')
      if (notSent !== undefined) return `${name(notSent)} was lost with its connection, and counts as not sent`
    }
    this.#losses = this.#losses.filter((loss) => !over.includes(loss))
    return null
  }
}

function name({ op, timeoutMs, hops }: Asked): string {
  return `ask ${op} with ${timeoutMs} ms over ${hops} hops`
}

/** Answered means handled once, not sent means never, and no ask outlives its time or its connection. */
export const asking: Checker = {
  name: 'asks',
  check(history) {
    const asks = new Asks()
    for (const event of history) {
      const wrong = asks.add(event)
      if (wrong !== null) return { verdict: 'illegal', message: wrong, conflict: [event] }
    }
    const open = asks.open(history.at(-1)?.at ?? 0)
    return open === null ? { verdict: 'ok' } : { verdict: 'illegal', message: open, conflict: [] }
  },
}

/** Law 13, and what the page says of asks, across everything that can happen to a connection. */
export const remoteAsks = scenario({
  name: 'remote-asks',
  nodes: 2,
  clients: 1,
  thinkMs: 60,
  durationMs: 12_000,
  convergeMs: 15_000,
  faults: { kinds: ['crash', 'pause', 'partition', 'clog', 'reset', 'slow'], maxDown: 1, meanGapMs: 500 },
  async start(node) {
    const options = { seeds: node.others, disconnectGraceMs: 4_000, heartbeatMs: 250, reconnectMinMs: 20 }
    const system = await node.createSystem(options)
    noteLinks(node, system)
    system.register(Desk, system.spawn(desk, { args: node, name: 'desk' }))
  },
  client: ask,
  converged: isLinked,
  async settle(cluster) {
    // What is still open has three seconds at most.
    await cluster.sleep(3_200)
    await askAll(cluster, Desk, (ref) => ref.ask('work', { op: -1, workMs: 0, next: null }, { timeoutMs: 1_000 }))
  },
  checkers: [asking],
})
