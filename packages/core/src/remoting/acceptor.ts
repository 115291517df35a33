import type { Cbor } from '../codec/cbor.ts'
import type { Association } from './association.ts'
import type { Connection, FrameSink } from './connection.ts'
import { commonFeatures, commonVersion, type Dialect, versionRange } from './dialect.ts'
import {
  decodeGreeting,
  encodeGreeting,
  type Hello,
  misplaced,
  type Refusal,
  type RefusalCode,
  refusal,
  type Welcome,
} from './greeting.ts'
import type { Guard } from './guard.ts'
import { peerOf } from './introductions.ts'
import { type LinkTerms, linkTerms } from './link-terms.ts'
import type { Peer, PeerEvent } from './peer-event.ts'

const OTHER_SECRET = 'the two nodes do not have the same secret'
const ONE_SECRET = 'only one of the two nodes has a secret'

/** What an acceptor needs of the connections of its node. */
export interface AcceptorHost {
  readonly cluster: string
  /** What members have to agree on, as a text; null for a node that is none. */
  readonly rules: string | null
  readonly dialect: Dialect
  readonly cbor: Cbor
  /** Has the other side prove who it is before its hello counts, and tells others nothing; null to believe anybody. */
  readonly guard: Guard | null
  readonly handshakeTimeoutMs: number
  readonly maxPendingHandshakes: number
  /** This node, as others are to know it. */
  self(): Peer
  closed(): boolean
  known(uid: string): Association | null
  isQuarantined(uid: string): boolean
  /** Whether there is a link to that address which is just being introduced. */
  isIntroducing(address: string): boolean
  open(peer: Peer, connection: Connection, terms: LinkTerms): FrameSink
  emit(event: PeerEvent): void
}

/** Takes links that others dial: lets them introduce themselves, and answers with a welcome or a refusal. */
export class Acceptor {
  readonly #host: AcceptorHost
  /** Accepted, and not introduced yet: the oldest first. */
  readonly #strangers = new Set<Connection>()

  constructor(host: AcceptorHost) {
    this.#host = host
  }

  accept(connection: Connection): void {
    this.#strangers.add(connection)
    this.#receive(connection)
    if (this.#strangers.size <= this.#host.maxPendingHandshakes) return
    // The oldest one: who means it needs a few round trips, and is through before as many others have come.
    for (const oldest of this.#strangers) {
      this.#emitRefused(oldest.peer, this.#stranger('busy', 'too many were introducing themselves'))
      return this.#refuse(oldest, this.#stranger('busy', 'too many are introducing themselves'))
    }
  }

  /** Waits for the other side to introduce itself and answers. */
  #receive(connection: Connection): void {
    const { guard, cbor, dialect, handshakeTimeoutMs } = this.#host
    const turnDown = (code: RefusalCode, why: string): void => {
      const answer = this.#stranger(code, why)
      this.#emitRefused(connection.peer, answer)
      this.#refuse(connection, answer)
    }
    const introduced = (bytes: Uint8Array, seal: (answer: Uint8Array) => Uint8Array): void => {
      const hello = decodeGreeting(cbor, bytes)
      if (hello.troupe === 'challenge' && guard === null) return turnDown('secret', ONE_SECRET)
      if (hello.troupe !== 'hello') throw misplaced(hello, 'a hello')
      const refused = this.#whyNot(hello)
      if (refused === null) return this.#welcome(hello, connection, seal)
      if (refused.code !== 'duplicate') this.#emitRefused(hello.name, refused)
      this.#refuse(connection, refused, seal)
    }
    const challenged = (bytes: Uint8Array, by: Guard): void => {
      const theirs = decodeGreeting(cbor, bytes)
      if (theirs.troupe === 'hello') return turnDown('secret', ONE_SECRET)
      if (theirs.troupe !== 'challenge') throw misplaced(theirs, 'a challenge')
      if (commonVersion(theirs, dialect.versions) === null) return turnDown('protocol', 'no version in common')
      const proofs = by.accept(bytes)
      connection.expect((next) => {
        const hello = decodeGreeting(cbor, next)
        if (hello.troupe !== 'proven') throw misplaced(hello, 'a proof')
        if (!proofs.accepts(hello)) return turnDown('secret', OTHER_SECRET)
        introduced(hello.greeting, (answer) => encodeGreeting(cbor, proofs.answer(answer)))
      })
      connection.send(proofs.challenge)
    }
    connection.greet(handshakeTimeoutMs, {
      frame: (bytes) => (guard === null ? introduced(bytes, (answer) => answer) : challenged(bytes, guard)),
      ended: () => {},
      over: () => this.#strangers.delete(connection),
    })
  }

  #welcome(hello: Hello, connection: Connection, seal: (answer: Uint8Array) => Uint8Array): void {
    const { cbor, dialect } = this.#host
    const epoch = Math.max(this.#host.known(hello.uid)?.epoch ?? 0, hello.epoch) + 1
    // What a client says of an address is dialled by nobody.
    const peer = peerOf(hello, hello.role === 'client' ? '' : hello.address)
    const { versions, features, messageBytes, frameBytes } = dialect
    const welcome: Welcome = {
      troupe: 'welcome',
      version: commonVersion(hello, versions) ?? 0,
      features: commonFeatures(hello, features),
      messageBytes,
      frameBytes,
      ...this.#host.self(),
      epoch,
    }
    connection.endGreeting()
    connection.send(seal(encodeGreeting(cbor, welcome)))
    connection.open(
      welcome,
      this.#host.open(peer, connection, linkTerms(hello, dialect, { epoch, dialler: hello.uid })),
    )
  }

  #refuse(connection: Connection, answer: Refusal, seal = (bytes: Uint8Array): Uint8Array => bytes): void {
    connection.send(seal(encodeGreeting(this.#host.cbor, answer)))
    connection.close('normal', answer.code)
  }

  #emitRefused(peer: string, { code, message }: Refusal): void {
    this.#host.emit({ type: 'link-refused', peer, code, message })
  }

  /** Why the two can have nothing to do with each other, or no link now; null when they can. */
  #whyNot(hello: Hello): Refusal | null {
    const { cluster, rules, dialect } = this.#host
    const { uid, name } = this.#host.self()
    if (commonVersion(hello, dialect.versions) === null) {
      const ours = versionRange(dialect.versions)
      return this.#refusal('protocol', `${name} speaks protocol ${ours}, ${hello.name} speaks ${versionRange(hello)}`)
    }
    if (this.#host.closed()) return this.#refusal('stopping', `${name} is stopping`)
    if (hello.uid === uid) return this.#refusal('self', `${name} dialled itself`)
    if (hello.cluster !== cluster) {
      return this.#refusal('cluster', `${name} is of cluster "${cluster}", not "${hello.cluster}"`)
    }
    if (rules !== null && hello.rules !== undefined && hello.rules !== rules) {
      const why = `${name} is a member by other rules (${rules}) than ${hello.name} (${hello.rules})`
      return this.#refusal('membership', why)
    }
    if (this.#host.isQuarantined(hello.uid)) {
      return this.#refusal('quarantined', `${hello.name} counts as down at ${name}; start it anew`)
    }
    const known = this.#host.known(hello.uid)
    if (known?.isNewsTo(hello)) return this.#refusal('duplicate', 'there is a link already')
    if (!known?.connected && uid < hello.uid && this.#host.isIntroducing(hello.address)) {
      // Both dial at once: the link of the node with the lower uid is kept. Once there is one: a dial that nothing answers
      // must not keep away whoever comes by another way.
      return this.#refusal('duplicate', 'a link is being made the other way')
    }
    return null
  }

  #refusal(code: RefusalCode, message: string): Refusal {
    return refusal(this.#host.self().uid, code, message, this.#host.dialect.versions)
  }

  /** To somebody who is not to know who refuses. */
  #stranger(code: RefusalCode, message: string): Refusal {
    return refusal('', code, message, this.#host.dialect.versions)
  }
}
