import { ProtocolMismatchError } from '../errors.ts'
import { commonVersion, type Dialect, type VersionRange, versionRange } from './dialect.ts'
import type { Hello, Welcome } from './greeting.ts'
import type { Peer } from './peer-event.ts'

/** Who introduces itself. Its address is known once it listens. */
export interface Introduced {
  readonly name: string
  readonly uid: string
  readonly address: string
}

/** What a node says of itself besides who it is. */
export interface Said {
  readonly cluster: string
  readonly role: 'node' | 'client'
  /** What members have to agree on, as a text; null for one that is none. */
  readonly rules: string | null
}

/** How this node introduces itself, and whom it has nothing in common with. */
export class Introductions {
  readonly dialect: Dialect
  readonly #node: Introduced
  readonly #cluster: string
  readonly #role: 'node' | 'client'
  /** What members have to agree on; null for one that is none. */
  readonly #rules: string | null

  constructor(node: Introduced, said: Said, dialect: Dialect) {
    this.#node = node
    this.#cluster = said.cluster
    this.#role = said.role
    this.#rules = said.rules
    this.dialect = dialect
  }

  /** As others are to know it. A client is at no address: nobody but itself makes its links. */
  get self(): Peer {
    const { name, uid, address } = this.#node
    return this.#role === 'client' ? { name, uid, address: '', role: 'client' } : { name, uid, address }
  }

  /** @param epoch how many links to the other side this one knows of */
  hello(epoch: number): Hello {
    const { versions, features, messageBytes, frameBytes } = this.dialect
    const { min, max } = versions
    const speaks = { min, max, features, messageBytes, frameBytes }
    const rules = this.#rules === null ? {} : { rules: this.#rules }
    return { troupe: 'hello', ...speaks, cluster: this.#cluster, ...this.self, ...rules, epoch }
  }

  /** Whether whoever has answered speaks a version that this node speaks too. */
  understands({ version }: Welcome): boolean {
    return commonVersion({ min: version, max: version }, this.dialect.versions) !== null
  }

  mismatch(theirs: VersionRange, address: string): ProtocolMismatchError {
    return new ProtocolMismatchError(versionRange(this.dialect.versions), versionRange(theirs), address)
  }
}

/** @param address where it is to be reached, whatever it says */
export function peerOf({ uid, name, role }: Hello | Welcome, address: string): Peer {
  return role === undefined ? { uid, name, address } : { uid, name, address, role }
}
