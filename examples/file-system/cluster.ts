import type { ActorSystem } from '@troupe/core'

/** A running file system: storage nodes, a gateway in front, and a node of our own to look at it from within. */
export interface Cluster {
  /** Where the gateway listens. */
  readonly url: string
  /** Names of the storage nodes, as they were started. */
  readonly nodes: readonly string[]
  /** What the parts are, for people: `process 4711`. */
  describe(node: string): string
  /** Connected to every storage node, holds nothing. */
  readonly observer: ActorSystem
  /** Ends one storage node in the midst of whatever it is doing, without a goodbye. */
  kill(node: string): Promise<void>
  /** Starts a node that was killed again, with the disk it had. */
  restart(node: string): Promise<void>
  /** Tells of a part that has ended by itself: a storage node by its name, or `gateway`. */
  onExit(listener: (part: string, how: string) => void): void
  /** Ends everything in order. Data stay. */
  stop(): Promise<void>
}

export interface ClusterOptions {
  /** Where the nodes keep their data, each in a folder of its own. */
  readonly folder: string
  /** How many storage nodes. */
  readonly size: number
  /** Of the gateway; 0 for any free one. */
  readonly port: number
  /** How long a node may be gone before the others make its copies anew, in ms. */
  readonly disconnectGraceMs?: number
}

export function nodeNames(size: number): string[] {
  return Array.from({ length: size }, (_, i) => `s${i + 1}`)
}
