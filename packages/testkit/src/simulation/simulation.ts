import { AskError, OfferError, type Random, SeededRandom, ServiceNotFoundError } from '@troupe/core'
import type { LinkModel } from '@troupe/transport-memory/simulated'
import type { Checker, CheckResult } from '../checkers/checker.ts'
import { applyNemesis, namedLeader } from '../nemesis/apply.ts'
import { drawLinks } from '../nemesis/draw-links.ts'
import type { NemesisOperation } from '../nemesis/nemesis.ts'
import { shuffled } from '../nemesis/shuffle.ts'
import { drawNemesis } from '../nemesis/swarm.ts'
import { coverageOf } from './coverage.ts'
import { crashClass } from './crash-class.ts'
import { DiskAtlas } from './disk/disk-atlas.ts'
import { DEFAULT_DISK_MODEL } from './disk/disk-model.ts'
import { MessageFaults, withoutFaults } from './message-faults.ts'
import { Operations } from './operations.ts'
import type { Run, SimulateOptions } from './run.ts'
import type { Scenario } from './scenario.ts'
import { seedOf } from './seed.ts'
import { SimulatedClient } from './simulated-client.ts'
import { SimulatedCluster } from './simulated-cluster.ts'
import type { SimulatedNode } from './simulated-node.ts'
import type { Violation } from './violation.ts'
import { World } from './world.ts'

/** What a cluster in trouble answers: no fault of the client's, who tries again. */
const IN_TROUBLE = [AskError, OfferError, ServiceNotFoundError]
const DEFAULT_NODES = 3
const DEFAULT_DURATION_MS = 30_000
const DEFAULT_CONVERGE_MS = 30_000
const DEFAULT_THINK_MS = 100
/** How often what must always hold, and what must come true, are asked for, in virtual ms. */
const ASK_EVERY_MS = 100
/** Clients do not give up nodes: longer than any run lasts, in ms. */
const CLIENT_GRACE_MS = 86_400_000
/** How long whatever looks after processes takes to start one again that has ended by itself, in ms. */
const RESTART_MS = 1_000
/** Nodes come up within this time of one another, in ms. */
const MOST_START_MS = 50

/** One run of a scenario, from its seed to its end. */
export class Simulation {
  readonly #options: SimulateOptions
  readonly #scenario: Scenario
  readonly #messageFaults: MessageFaults
  readonly #random: Random
  readonly #network: LinkModel
  readonly #atlas: DiskAtlas
  readonly #world: World
  readonly #cluster: SimulatedCluster
  readonly #nodes: readonly string[]
  readonly #clients: readonly string[]
  readonly #durationMs: number
  readonly #operations: Operations[] = []
  /** What has happened to the cluster. */
  readonly #nemesis: NemesisOperation[] = []
  /** Clients may begin something. */
  #isOpen = true
  #unique = 0
  /** Two nodes of the cluster were connected. */
  #isLinked = false
  /** What the first checker that could not decide said. */
  #undecided: string | null = null

  constructor(options: SimulateOptions) {
    this.#options = options
    const { scenario } = options
    this.#scenario = scenario
    this.#durationMs = options.durationMs ?? scenario.durationMs ?? DEFAULT_DURATION_MS
    const { seed, mode = 'explore', record = false, trap = true, turnLimitMs } = options
    this.#messageFaults = new MessageFaults(options.messageFaults ?? null)
    const { of: messageFaults, observe } = this.#messageFaults
    this.#random = new SeededRandom(seedOf(seed))
    this.#nodes = this.#drawnNodes()
    this.#network = this.#messageFaults.without(scenario.network ?? this.#drawnLinks())
    this.#atlas = new DiskAtlas({ nodes: this.#nodes })
    this.#world = new World({
      seed,
      mode,
      record,
      trap,
      network: this.#network,
      messageFaults,
      observe: (event) => {
        observe(event)
        if (event.kind === 'linked' && !this.#isLinked) this.#isLinked = this.#areNodes(event.from, event.to)
      },
      atlas: this.#atlas,
      restartMs: RESTART_MS,
      ...(turnLimitMs === undefined ? {} : { turnLimitMs }),
    })
    this.#clients = numbered('c', options.clients ?? scenario.clients ?? 0)
    this.#cluster = new SimulatedCluster(this.#world, this.#recorder('final'), () => ++this.#unique)
    for (const name of this.#nodes) this.#world.add(name, (node) => scenario.start(node))
    for (const name of this.#clients) this.#addClient(name)
  }

  async run(): Promise<Run> {
    const { violations } = this.#world
    await this.#beSafe()
    this.#isOpen = false
    if (violations.length === 0) await this.#beLive()
    this.#judge()
    return this.#result()
  }

  #areNodes(...names: readonly string[]): boolean {
    return names.every((name) => this.#nodes.includes(name))
  }

  #drawnNodes(): readonly string[] {
    const { nodes = DEFAULT_NODES } = this.#scenario
    const limit = this.#options.nodes
    if (Array.isArray(nodes)) return nodes.slice(0, limit)
    if (limit !== undefined) return numbered('n', limit)
    if (typeof nodes === 'number') return numbered('n', nodes)
    const { min, max } = nodes as { readonly min: number; readonly max: number }
    return numbered('n', min + this.#random.stream('size').below(max - min + 1))
  }

  #drawnLinks(): LinkModel {
    const { faults = {} } = this.#scenario
    if (faults === false) return {}
    return drawLinks(this.#random.stream('links'), faults.kinds?.includes('reset') ?? true)
  }

  /** Clients have names of their own in the history, and one is recorded as `final`. */
  #recorder(name: string): Operations {
    const world = this.#world
    const operations = new Operations(
      name,
      () => world.nowMs,
      (event) => {
        world.history.push(event)
        world.trace.operation(this.#world.nowUs, name, event)
      },
    )
    this.#operations.push(operations)
    return operations
  }

  #addClient(name: string): void {
    const operations = this.#recorder(name)
    const program = async (node: SimulatedNode): Promise<void> => {
      const system = await node.createSystem({ seeds: node.others, disconnectGraceMs: CLIENT_GRACE_MS })
      const end = system.events.subscribe((event) => {
        if (event.type !== 'link-refused' || event.code !== 'quarantined') return
        end()
        this.#beginAnew(name)
      })
      const client = new SimulatedClient(node, operations, () => ++this.#unique)
      // Not awaited: a client has started before it does anything.
      void this.#work(client)
    }
    this.#world.add(name, program, true)
  }

  /** A node that counts a client as down never talks to it again: so it begins as another process. */
  #beginAnew(name: string): void {
    this.#world.at(this.#world.nowMs, () => {
      this.#world.crash(name)
      void this.#world.boot(name)
    })
  }

  /** What a call of the client rejects with is a violation, but for what a cluster in trouble answers. */
  async #work(client: SimulatedClient): Promise<void> {
    const { thinkMs = DEFAULT_THINK_MS } = this.#scenario
    const { scheduler } = client.runtime
    const pause = (): Promise<void> =>
      new Promise((resolve) => void scheduler.after(client.random.below(2 * thinkMs + 1), resolve))
    for (await pause(); this.#mayBegin(); await pause()) {
      try {
        await this.#scenario.client?.(client)
      } catch (error) {
        if (IN_TROUBLE.some((Trouble) => error instanceof Trouble)) continue
        const message = `${stackOf(error)}\na client may reject with an AskError, an OfferError or a ServiceNotFoundError only`
        this.#violate({ kind: 'crash', name: crashClass('client', error), message, node: client.name })
        return
      }
    }
  }

  #mayBegin(): boolean {
    return this.#isOpen && this.#count() < (this.#options.operations ?? Number.POSITIVE_INFINITY)
  }

  #count(): number {
    return this.#operations.reduce((sum, { count }) => sum + count, 0)
  }

  /** Faults happen, clients work, and nothing wrong may be seen. */
  async #beSafe(): Promise<void> {
    const world = this.#world
    const starts = this.#random.stream('starts')
    for (const name of [...this.#nodes, ...this.#clients]) {
      world.at(starts.below(MOST_START_MS), () => void world.boot(name))
    }
    for (const operation of this.#drawnNemesis()) world.at(operation.atMs, () => this.#apply(operation))
    this.#askAlways()
    await world.run(this.#durationMs)
  }

  #drawnNemesis(): readonly NemesisOperation[] {
    if (this.#options.nemesis !== undefined) return this.#options.nemesis
    const { faults = {}, leader } = this.#scenario
    if (faults === false) return []
    const targets = {
      nodes: this.#nodes,
      clients: this.#clients,
      durationMs: this.#durationMs,
      hasLeader: leader !== undefined,
    }
    return drawNemesis(this.#random.stream('nemesis'), targets, faults)
  }

  #apply(drawn: NemesisOperation): void {
    const leader = (): string | null => this.#scenario.leader?.(this.#cluster) ?? null
    const operation = namedLeader(drawn, this.#nodes, leader)
    if (operation === null || drawn.atMs > this.#durationMs) return
    // One disk too many, and nobody could have kept what was acknowledged.
    if (operation.op === 'wipe' && this.#nodes.includes(operation.node) && !this.#atlas.mayLose(operation.node)) return
    this.#nemesis.push(operation)
    const { atMs: _, ...action } = operation
    this.#world.trace.add({ atMs: this.#world.nowMs, node: '', kind: 'nemesis', text: JSON.stringify(action) })
    applyNemesis(this.#world, operation)
    this.#askInvariant()
  }

  #askAlways(): void {
    if (this.#scenario.invariant === undefined) return
    const ask = (): void => {
      this.#askInvariant()
      this.#world.at(this.#world.nowMs + ASK_EVERY_MS, ask)
    }
    this.#world.at(ASK_EVERY_MS, ask)
  }

  #askInvariant(): void {
    const wrong: unknown = this.#scenario.invariant?.(this.#cluster) ?? null
    if (typeof wrong === 'string') this.#violate({ kind: 'safety', name: 'invariant', message: wrong })
    else if (wrong !== null) {
      const message = `the invariant gave ${String(wrong)}: it must give null while all is well, else a text`
      this.#violate({ kind: 'crash', name: 'invariant: no text', message })
    }
  }

  /** All faults are healed: now the cluster has to become as it should, and then to work. */
  async #beLive(): Promise<void> {
    const { convergeMs = DEFAULT_CONVERGE_MS, converged, settle } = this.#scenario
    const healed = this.#healedNodes()
    this.#world.at(this.#world.nowMs, () => this.#heal(healed))
    // Asked of nodes that are all up: what is true of each of none would be true too early.
    const missing = (): string => {
      const down = healed.filter((name) => !this.#world.nodes.has(name))
      return down.length === 0 ? 'converged has not come true' : `start has not ended on ${down.join(' and ')}`
    }
    const isSo = async (): Promise<boolean> =>
      this.#world.nodes.size === healed.length && (converged === undefined || (await converged(this.#cluster)))
    await this.#within(convergeMs, 'not-converged', missing, async () => {
      while (!(await isSo())) await this.#world.sleep(ASK_EVERY_MS)
    })
    if (this.#world.violations.length > 0 || settle === undefined) return
    await this.#within(
      convergeMs,
      'not-settled',
      () => 'settle has not ended',
      () => settle(this.#cluster),
    )
  }

  #heal(healed: readonly string[]): void {
    const world = this.#world
    world.trace.add({ atMs: world.nowMs, node: '', kind: 'nemesis', text: 'heal all' })
    world.network.heal()
    world.network.setModel(withoutFaults(this.#network))
    for (const name of this.#nodes) if (!healed.includes(name)) world.crash(name)
    for (const name of [...healed, ...this.#clients]) {
      world.resume(name)
      world.slow(name, 0)
      world.setClock(name, { driftPpm: 0 })
      world.setDisk(name, DEFAULT_DISK_MODEL)
      void world.boot(name)
    }
  }

  /** In the order of the cluster, whomever the seed chooses. */
  #healedNodes(): readonly string[] {
    if (this.#scenario.heals !== 'majority') return this.#nodes
    const majority = (this.#nodes.length >> 1) + 1
    const core = new Set(shuffled(this.#random.stream('core'), this.#nodes).slice(0, majority))
    return this.#nodes.filter((name) => core.has(name))
  }

  async #within(ms: number, name: string, what: () => string, work: () => Promise<void>): Promise<void> {
    const world = this.#world
    let isDone = false
    let failure: string | null = null
    world.at(world.nowMs, () => {
      work().then(
        () => {
          isDone = true
        },
        (error) => {
          failure = `${name === 'not-settled' ? 'settle' : 'converged'} failed: ${stackOf(error)}`
        },
      )
    })
    await world.run(world.nowMs + ms, () => isDone || failure !== null)
    if (isDone || world.violations.length > 0) return
    const why = failure as string | null
    this.#violate({ kind: 'liveness', name, message: why ?? `${what()} within ${ms} ms of the end of all faults` })
  }

  #judge(): void {
    for (const checker of this.#scenario.checkers ?? []) {
      const result = this.#checked(checker)
      if (result === null) continue
      if (result.verdict === 'unknown') this.#undecided ??= `${checker.name}: ${result.message}`
      if (result.verdict !== 'illegal') continue
      const { message, conflict } = result
      this.#violate({ kind: 'safety', name: checker.name, message, conflict })
    }
  }

  /** A checker may be the user's own: what it throws belongs to the seed. */
  #checked(checker: Checker): CheckResult | null {
    try {
      return checker.check(this.#world.history)
    } catch (error) {
      this.#violate({ kind: 'crash', name: `checker ${checker.name} threw`, message: stackOf(error) })
      return null
    }
  }

  #violate(violation: Omit<Violation, 'atMs'>): void {
    this.#world.violations.push({ ...violation, atMs: this.#world.nowMs })
  }

  #result(): Run {
    const { trace, violations, history, nowMs } = this.#world
    return {
      scenario: this.#scenario.name,
      seed: String(this.#options.seed),
      violations,
      history,
      hash: trace.hash,
      checkpoints: trace.checkpoints,
      events: trace.count,
      simulatedMs: nowMs,
      nemesis: this.#nemesis,
      messageFaults: this.#messageFaults.list,
      nodes: this.#nodes,
      trace: trace.events,
      coverage: coverageOf(history, { undecided: this.#undecided, isLinked: this.#isLinked }),
      draws: {
        nodes: this.#nodes.length,
        clients: this.#clients.length,
        durationMs: this.#durationMs,
        operations: this.#count(),
      },
    }
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`)
}
