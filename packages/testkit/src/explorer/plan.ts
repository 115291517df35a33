import type { LinkModel, MessageFault } from '@troupe/transport-memory/simulated'
import type { NemesisOperation } from '../nemesis/nemesis.ts'

/** What a run is made of, beside its scenario and its seed: what a shrinker takes away from. */
export interface Plan {
  readonly nodes: number
  readonly clients: number
  /** Of all clients together; no more are begun. */
  readonly operations: number
  /** Numbers of those that are left out, from 1. Default: none. */
  readonly leftOut?: readonly number[]
  /** Of the phase with faults. */
  readonly durationMs: number
  readonly nemesis: readonly NemesisOperation[]
  readonly messageFaults: readonly MessageFault[]
  readonly mode: 'fifo' | 'explore'
  /** How links behave, instead of what the scenario or the seed says. */
  readonly network?: LinkModel
}

/** The fields of a plan alone, in one order. */
export function planOf(plan: Plan): Plan {
  const { nodes, clients, operations, leftOut = [], durationMs, nemesis, messageFaults, mode, network } = plan
  const less = leftOut.length === 0 ? {} : { leftOut }
  const rest = network === undefined ? {} : { network }
  return { nodes, clients, operations, ...less, durationMs, nemesis, messageFaults, mode, ...rest }
}

/** The plan with the first `count` nodes only, and without the faults of those that go. @param names of all nodes */
export function withoutNodes(plan: Plan, names: readonly string[], count: number): Partial<Plan> {
  return { nodes: count, ...withoutFaultsOf(plan, new Set(names.slice(count))) }
}

/** The plan with the first `count` clients only (they are called c1, c2, ...), and without the faults of the others. */
export function withoutClients(plan: Plan, count: number): Partial<Plan> {
  const gone = Array.from({ length: plan.clients - count }, (_, i) => `c${count + i + 1}`)
  return { clients: count, ...withoutFaultsOf(plan, new Set(gone)) }
}

/** Numbers of the operations that are not left out, from 1. */
export function operationsOf({ operations, leftOut = [] }: Plan): number[] {
  const gone = new Set(leftOut)
  return Array.from({ length: operations }, (_, i) => i + 1).filter((number) => !gone.has(number))
}

/** The plan with those operations alone: none after the last of them, and those between left out. */
export function withOperations(kept: readonly number[]): Pick<Plan, 'operations' | 'leftOut'> {
  const operations = kept.at(-1) ?? 0
  const wanted = new Set(kept)
  const leftOut = Array.from({ length: operations }, (_, i) => i + 1).filter((number) => !wanted.has(number))
  return { operations, leftOut }
}

/** The plan with all times multiplied by `part`. */
export function scaled({ durationMs, nemesis }: Plan, part: number): Partial<Plan> {
  const faults = nemesis.map((each) => ({ ...each, atMs: Math.floor(each.atMs * part) }))
  return { durationMs: Math.ceil(durationMs * part), nemesis: faults }
}

/** The plan with the pause before one fault multiplied by `part`, and all that comes after it earlier by as much. */
export function closer({ durationMs, nemesis }: Plan, index: number, part: number): Partial<Plan> {
  const pauseMs = nemesis[index]!.atMs - (nemesis[index - 1]?.atMs ?? 0)
  const byMs = Math.floor(pauseMs * (1 - part))
  const faults = nemesis.map((each, i) => (i < index ? each : { ...each, atMs: each.atMs - byMs }))
  return { durationMs: Math.max(1, durationMs - byMs), nemesis: faults }
}

function withoutFaultsOf(plan: Plan, gone: ReadonlySet<string>): Pick<Plan, 'nemesis' | 'messageFaults'> {
  return {
    nemesis: plan.nemesis.flatMap((operation) => without(operation, gone)),
    messageFaults: plan.messageFaults.filter(({ link }) => !link.split('>').some((name) => gone.has(name))),
  }
}

function without(operation: NemesisOperation, gone: ReadonlySet<string>): NemesisOperation[] {
  if ('node' in operation) return gone.has(operation.node) ? [] : [operation]
  if ('from' in operation) return gone.has(operation.from) || gone.has(operation.to) ? [] : [operation]
  if (!('groups' in operation)) return [operation]
  const groups = operation.groups
    .map((group) => group.filter((name) => !gone.has(name)))
    .filter((group) => group.length > 0)
  return groups.length < 2 ? [] : [{ ...operation, groups }]
}
