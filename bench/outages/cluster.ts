import { fileURLToPath } from 'node:url'
import {
  killMembers,
  MemberProcess,
  type Sighting,
  sharedNowMs,
} from '../../packages/transport-ws/src/testing/member-process.ts'
import { bundlePrograms, type Programs } from '../../scripts/bundle-programs.ts'

const PROGRAM = fileURLToPath(new URL('../../packages/transport-ws/src/testing/member.ts', import.meta.url))

/** Where the members of a cluster run. */
export interface Place {
  /** What to start a member's process by, and the address it listens on; by its number, from 0. */
  at(number: number): { readonly wrapper: readonly string[]; readonly host: string; readonly port: number }
}

const loopback: Place = { at: () => ({ wrapper: [], host: '127.0.0.1', port: 0 }) }

/** Members with default options, each in a process of its own; whoever ends is started anew. */
export class Cluster {
  readonly members: MemberProcess[] = []
  readonly #programs: Programs
  readonly #place: Place
  /** The address of the first one is that of all runs of it. */
  #seeds: readonly string[] = []

  private constructor(programs: Programs, place: Place) {
    this.#programs = programs
    this.#place = place
  }

  static async start(size: number, place: Place = loopback): Promise<Cluster> {
    const cluster = new Cluster(await bundlePrograms([PROGRAM]), place)
    for (let i = 0; i < size; i++) {
      cluster.members.push(await cluster.#start(i))
      cluster.#seeds = cluster.members.map(({ address }) => address)
    }
    await cluster.settled()
    return cluster
  }

  others(of: MemberProcess): MemberProcess[] {
    return this.members.filter((member) => member !== of)
  }

  /** Starts another one in the place of one that has ended. */
  async replace(member: MemberProcess): Promise<MemberProcess> {
    await member.exited
    const i = this.members.indexOf(member)
    const others = this.others(member).filter((other) => other.isRunning)
    this.#seeds = others.map(({ address }) => address)
    const sinceMs = sharedNowMs()
    const next = await this.#start(i)
    this.members[i] = next
    await Promise.all([...others, next].map((each) => each.sees('member-up', next.name, sinceMs, 30_000)))
    return next
  }

  /** All see all as up. */
  async settled(): Promise<void> {
    for (const { name } of this.members) {
      await Promise.all(this.members.map((member) => member.sees('member-up', name, 0, 30_000)))
    }
  }

  async stop(): Promise<void> {
    await killMembers()
    this.#programs.remove()
  }

  #start(number: number): Promise<MemberProcess> {
    const { wrapper, host, port } = this.#place.at(number)
    const options = { name: `n${number + 1}`, host, port, seeds: this.#seeds, membership: { minMembers: 1 } }
    return MemberProcess.start(this.#programs.path('member.ts'), options, wrapper)
  }
}

/** What of all that `members` saw since then has one of these types. */
export function seen(
  members: readonly MemberProcess[],
  types: readonly string[],
  sinceMs: number,
): { readonly by: string; readonly sighting: Sighting }[] {
  return members.flatMap((member) =>
    member.sightings
      .filter(({ event, atMs }) => atMs >= sinceMs && types.includes(event))
      .map((sighting) => ({ by: member.name, sighting })),
  )
}
