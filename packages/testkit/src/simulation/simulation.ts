import { type Random, SeededRandom } from '@troupe/core'
import type { LinkModel } from '@troupe/transport-memory/simulated'
import { applyNemesis, namedLeader } from '../nemesis/apply.ts'
import type { NemesisOperation } from '../nemesis/nemesis.ts'
import { shuffled } from '../nemesis/shuffle.ts'
import { drawNemesis } from '../nemesis/swarm.ts'
import { Clients } from './clients.ts'
import { coverageOf } from './coverage.ts'
import { stackOf } from './crash-class.ts'
import { DiskAtlas } from './disk/disk-atlas.ts'
import { DEFAULT_DISK_MODEL } from './disk/disk-model.ts'
import { drawnLinks, drawnNodes, numbered } from './drawn.ts'
import { Judge } from './judge.ts'
import { MessageFaults, withoutFaults } from './message-faults.ts'
import type { Run, SimulateOptions } from './run.ts'
import type { Scenario } from './scenario.ts'
import { seedOf } from './seed.ts'
import { SimulatedCluster } from './simulated-cluster.ts'
import type { Violation } from './violation.ts'
import { World } from './world.ts'

const DEFAULT_DURATION_MS = 30_000
const DEFAULT_CONVERGE_MS = 30_000
/** How often what must come true is asked for, in virtual ms. */
const ASK_EVERY_MS = 100
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
  readonly #clients: Clients
  readonly #judge: Judge
  readonly #durationMs: number
  /** What has happened to the cluster. */
  readonly #nemesis: NemesisOperation[] = []
  /** Two nodes of the cluster were connected. */
  #isLinked = false
  constructor(options: SimulateOptions) {
    this.#options = options
    const { scenario } = options
    this.#scenario = scenario
    this.#durationMs = options.durationMs ?? scenario.durationMs ?? DEFAULT_DURATION_MS
    const { seed, mode = 'explore', record = false, trap = true, turnLimitMs } = options
    this.#messageFaults = new MessageFaults(options.messageFaults ?? null)
    const { of: messageFaults, observe } = this.#messageFaults
    this.#random = new SeededRandom(seedOf(seed))
    this.#nodes = drawnNodes(this.#random, scenario, options.nodes)
    this.#network = this.#messageFaults.without(scenario.network ?? drawnLinks(this.#random, scenario))
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
    for (const name of this.#nodes) this.#world.add(name, (node) => scenario.start(node))
    const violate = (violation: Omit<Violation, 'atMs'>): void => this.#violate(violation)
    const { operations = Number.POSITIVE_INFINITY, leftOut = [] } = options
    const clients = numbered('c', options.clients ?? scenario.clients ?? 0)
    this.#clients = new Clients(this.#world, scenario, clients, { operations, leftOut: new Set(leftOut) }, violate)
    const final = this.#clients.recorder('final')
    this.#cluster = new SimulatedCluster(this.#world, final, () => this.#clients.unique())
    this.#judge = new Judge(scenario, this.#cluster, violate)
  }

  async run(): Promise<Run> {
    const { violations } = this.#world
    await this.#beSafe()
    this.#clients.close()
    if (violations.length === 0) await this.#beLive()
    this.#judge.check()
    return this.#result()
  }

  #areNodes(...names: readonly string[]): boolean {
    return names.every((name) => this.#nodes.includes(name))
  }

  /** Faults happen, clients work, and nothing wrong may be seen. */
  async #beSafe(): Promise<void> {
    const world = this.#world
    const starts = this.#random.stream('starts')
    for (const name of [...this.#nodes, ...this.#clients.names]) {
      world.at(starts.below(MOST_START_MS), () => void world.boot(name))
    }
    for (const operation of this.#drawnNemesis()) world.at(operation.atMs, () => this.#apply(operation))
    this.#judge.watch()
    await world.run(this.#durationMs)
  }

  #drawnNemesis(): readonly NemesisOperation[] {
    if (this.#options.nemesis !== undefined) return this.#options.nemesis
    const { faults = {}, leader } = this.#scenario
    if (faults === false) return []
    const targets = {
      nodes: this.#nodes,
      clients: this.#clients.names,
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
    this.#judge.look()
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
    for (const name of [...healed, ...this.#clients.names]) {
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
      coverage: coverageOf(history, { undecided: this.#judge.undecided, isLinked: this.#isLinked }),
      draws: {
        nodes: this.#nodes.length,
        clients: this.#clients.names.length,
        durationMs: this.#durationMs,
        operations: this.#clients.count,
      },
    }
  }
}
