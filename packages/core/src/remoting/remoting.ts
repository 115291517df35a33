import type { CellHost, LocalTarget } from '../actor/cell-host.ts'
import type { ActorRef, AnyRef, Ref } from '../actor/ref.ts'
import type { Cbor, RefParts } from '../codec/cbor.ts'
import { RefusedError, SystemStoppedError } from '../errors.ts'
import type { Link, Transport } from '../transport/transport.ts'
import type { Acceptor, AcceptorHost } from './acceptor.ts'
import { Association, type AssociationHost } from './association.ts'
import { Connecting } from './connecting.ts'
import { Connection } from './connection.ts'
import type { Dialect, VersionRange } from './dialect.ts'
import { Dialler } from './dialler.ts'
import type { Refusal, RefusalCode, Welcome } from './greeting.ts'
import type { Guard } from './guard.ts'
import { Introductions, peerOf } from './introductions.ts'
import { type LinkTerms, linkTerms } from './link-terms.ts'
import { OpenBatches } from './open-batch.ts'
import { PeerBook } from './peer-book.ts'
import type { Peer, PeerEvent } from './peer-event.ts'
import { NOBODY } from './peer-scope.ts'
import { Quarantine } from './quarantine.ts'
import { Reconnect } from './reconnect.ts'
import { type Associations, RemoteRef } from './remote-ref.ts'
import { Seeds } from './seeds.ts'
import { type RemoteStats, Traffic } from './traffic.ts'
import type { To } from './wire.ts'

/** What remoting needs of its node. */
export interface RemotingHost extends CellHost {
  readonly name: string
  readonly cbor: Cbor
  local(to: To): LocalTarget | null
  ownRef(uid: number, path: string): ActorRef<never>
}

export interface RemotingSettings {
  readonly cluster: string
  /** What this one is to others. */
  readonly role: 'node' | 'client'
  readonly disconnectGraceMs: number
  /** The same for clients. */
  readonly clientGraceMs: number
  readonly heartbeatMs: number
  readonly handshakeTimeoutMs: number
  readonly reconnectMinMs: number
  /** What members have to agree on, as a text; null for a node that is none. */
  readonly rules: string | null
  /** Has each link prove itself; null to believe anybody. */
  readonly guard: Guard | null
  /** Makes what takes links that others dial; null for a node that takes none. */
  readonly acceptor: ((host: AcceptorHost) => Acceptor) | null
  /** Links accepted whose other side is still introducing itself. */
  readonly maxPendingHandshakes: number
  /** Paths that others may name without having been given a ref. */
  readonly exposed: ReadonlySet<string>
  /** Who decides which peers are down, besides the peers themselves. Default: the grace alone. */
  readonly judge: PeerJudge | null
  /** What this node speaks. */
  readonly dialect: Dialect
}

/** Decides when a peer whose connection is lost counts as down. */
export interface PeerJudge {
  /** Whether that is for it to say of this one. */
  judges(peer: Peer): boolean
  /** The peer refuses this node for good, as one that counts as down. */
  refusedBy(uid: string): void
}

/** The connections of one node: dials and accepts, keeps one association per run of a peer, makes remote refs. */
export class Remoting implements Associations {
  readonly cells: RemotingHost
  readonly #transport: Transport
  readonly #settings: RemotingSettings
  readonly #emit: (event: PeerEvent) => void
  readonly #book = new PeerBook()
  readonly #reconnects = new Map<Association, Reconnect>()
  readonly #quarantine = new Quarantine()
  readonly #traffic = new Traffic()
  readonly #openBatches = new OpenBatches()
  readonly #dialler: Dialler
  readonly #connecting = new Set<Connecting>()
  readonly #seeds: Seeds
  readonly #guard: Guard | null
  readonly #introductions: Introductions
  readonly #acceptor: Acceptor | null
  #closed = false

  constructor(cells: RemotingHost, transport: Transport, settings: RemotingSettings, emit: (event: PeerEvent) => void) {
    this.cells = cells
    this.#transport = transport
    this.#settings = settings
    this.#emit = emit
    const { handshakeTimeoutMs, guard, cluster, role, rules, dialect } = settings
    this.#introductions = new Introductions(cells, { cluster, role, rules }, dialect)
    this.#guard = guard
    this.#dialler = new Dialler(transport, cells.timers, handshakeTimeoutMs, (link, to) => this.#introduce(link, to))
    this.#acceptor = settings.acceptor?.(this.#acceptorHost()) ?? null
    this.#seeds = new Seeds(cells.timers, (seed) => this.#connectSeed(seed), cells.logger('/'))
  }

  /** @returns the address of this node, an empty string when it only dials */
  async listen(): Promise<string> {
    return (await this.#transport.listen((link) => this.#accept(link), this.cells.runtime)) ?? ''
  }

  /** Connects to these, now and whenever one of them is not connected, until others are named or the node stops. */
  followSeeds(addresses: readonly string[]): void {
    this.#seeds.follow(addresses.filter((seed) => seed !== this.cells.address))
  }

  /** Whether `address` leads to this node. */
  isSelf(address: string): boolean {
    return address === this.cells.address || this.#seeds.isSelf(address)
  }

  /** @returns null when nobody at `address` is connected */
  peerAt(address: string): Peer | null {
    const known = this.#book.byAddress(address)
    return known?.connected ? known.peer : null
  }

  async #connectSeed(address: string): Promise<boolean> {
    const known = this.#book.byAddress(address)
    // One that is known and not connected is being dialled already.
    if (known !== null) return known.connected
    await this.#dial(address)
    return true
  }

  get peers(): readonly Peer[] {
    return this.#book.all.filter(({ connected }) => connected).map(({ peer }) => peer)
  }

  stats(): RemoteStats {
    const { sent, received } = this.#traffic
    let [queued, queuedBytes] = [0, 0]
    for (const { queued: waiting } of this.#book.all) {
      queued += waiting.messages
      queuedBytes += waiting.bytes
    }
    return { sent, received, queued, queuedBytes }
  }

  async connect(address: string, timeoutMs: number): Promise<Peer> {
    if (this.#closed) throw this.#stoppedError(address)
    const attempt = async (): Promise<Peer> => {
      const known = this.#book.byAddress(address)
      return known?.connected ? known.peer : this.#dial(address)
    }
    const minMs = this.#settings.reconnectMinMs
    const connecting = new Connecting(this.cells.timers, attempt, { address, timeoutMs, minMs })
    this.#connecting.add(connecting)
    try {
      return await connecting.done
    } finally {
      this.#connecting.delete(connecting)
    }
  }

  refTo({ address, nodeUid, path, uid }: RefParts): AnyRef {
    if (nodeUid !== this.cells.uid) return new RemoteRef<never>(this, { address, nodeUid, path, uid })
    // A path alone opens no door that a message could not go through either.
    return this.cells.ownRef(uid === 0 && !this.#settings.exposed.has(path) ? NOBODY : uid, path)
  }

  /** A ref to what stands at `path` on a peer, for services that every node has. */
  serviceOf<P>({ address, uid }: Peer, path: string): Ref<P> {
    return new RemoteRef<P>(this, { address, nodeUid: uid, path, uid: 0 })
  }

  known(nodeUid: string): Association | null {
    return this.#book.byUid(nodeUid)
  }

  associationFor(nodeUid: string, address: string): Association | null {
    const known = this.#book.byUid(nodeUid)
    if (known !== null) return known
    if (this.#closed || this.#quarantine.has(nodeUid)) return null
    const association = this.#associate({ uid: nodeUid, name: '', address })
    this.#wantConnection(association, true)
    return association
  }

  connectedPeer(uid: string): Peer | null {
    const known = this.#book.byUid(uid)
    return known?.connected ? known.peer : null
  }

  wantPeer(uid: string, address: string): boolean {
    return this.associationFor(uid, address) !== null
  }

  declareDown(uid: string): void {
    const known = this.#book.byUid(uid)
    if (known === null) this.#quarantine.add(uid)
    else known.end('node-down')
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#seeds.stop()
    for (const association of this.#book.all) association.leave()
    for (const connecting of this.#connecting) connecting.fail(this.#stoppedError('another node'))
    await this.#transport.close()
  }

  // Dialling

  async #dial(address: string): Promise<Peer> {
    if (this.#closed) throw this.#stoppedError(address)
    return this.#dialler.dial(address)
  }

  #introduce(link: Link, address: string): Promise<Peer> {
    if (this.#closed) {
      link.close('normal', `${this.cells.name} has stopped`)
      return Promise.reject(this.#stoppedError(address))
    }
    const known = this.#book.byAddress(address)
    if (known?.connected) {
      // The other side was faster. A hello that knows of its link would take the place of it, and lose what is on it.
      link.close('normal', 'there is a link already')
      return Promise.resolve(known.peer)
    }
    const connection = this.#connection(link)
    return new Promise((resolve, reject) => {
      const onAnswer = (answer: Welcome | Refusal): Association | Error => {
        if (answer.troupe === 'refusal') {
          const other = answer.code === 'duplicate' ? this.#otherName(address, answer.uid) : null
          if (other !== null) resolve(other.peer)
          return this.#refused(answer, address, known)
        }
        const opened = this.#welcomed(answer, connection, address)
        if (opened instanceof Association) resolve(opened.peer)
        return opened
      }
      const { handshakeTimeoutMs } = this.#settings
      const hello = this.#introductions.hello(known?.epoch ?? 0)
      connection.introduce(hello, this.#guard, handshakeTimeoutMs, onAnswer, reject)
    })
  }

  #welcomed(welcome: Welcome, connection: Connection, address: string): Association | Error {
    const { uid, name, version, epoch } = welcome
    if (!this.#introductions.understands(welcome)) return this.#mismatch({ min: version, max: version }, address)
    if (this.#closed) return this.#stoppedError(address)
    if (uid === this.cells.uid) return new RefusedError(address, 'self', `${name} has the uid of this node`)
    if (this.#quarantine.has(uid)) {
      return new RefusedError(address, 'quarantined', `${name} counts as down here; start it anew`)
    }
    // A peer that only dials has no address of its own; one behind another name is known by its own as well.
    const peer = peerOf(welcome, welcome.address || address)
    this.#book.answersAt(address, uid, peer.address)
    const terms = linkTerms(welcome, this.#settings.dialect, { epoch, dialler: this.cells.uid })
    if (this.#book.byUid(uid)?.prefers(terms)) return new RefusedError(address, 'duplicate', 'linked already')
    return this.#open(peer, connection, terms)
  }

  #refused(answer: Refusal, address: string, known: Association | null): Error {
    if (answer.code === 'protocol') return this.#mismatch(answer, address)
    if (answer.code !== 'duplicate') {
      this.#emit({ type: 'link-refused', peer: address, code: answer.code, message: answer.message })
      if (answer.code === 'quarantined') this.#settings.judge?.refusedBy(answer.uid)
      if (!UNPROVEN.has(answer.code)) known?.end(answer.code === 'stopping' ? 'left' : 'node-down')
    }
    return new RefusedError(address, answer.code, answer.message)
  }

  #mismatch(theirs: VersionRange, address: string): Error {
    const error = this.#introductions.mismatch(theirs, address)
    this.#emit({ type: 'link-refused', peer: address, code: 'protocol', message: error.message })
    return error
  }

  /** Whoever answers at `address` says that it is connected already: then as a peer of another address. */
  #otherName(address: string, uid: string): Association | null {
    const other = this.#book.byUid(uid)
    if (!other?.connected) return null
    this.#book.answersAt(address, uid, other.peer.address)
    return other
  }

  #accept(link: Link): void {
    if (this.#acceptor === null) link.close('normal', `${this.cells.name} takes no links`)
    else this.#acceptor.accept(this.#connection(link))
  }

  #acceptorHost(): AcceptorHost {
    const { cells } = this
    const { cluster, rules, dialect, handshakeTimeoutMs, maxPendingHandshakes } = this.#settings
    return {
      ...{ cluster, rules, dialect, handshakeTimeoutMs, maxPendingHandshakes, guard: this.#guard, cbor: cells.cbor },
      self: () => this.#introductions.self,
      closed: () => this.#closed,
      known: (uid) => this.#book.byUid(uid),
      isQuarantined: (other) => this.#quarantine.has(other),
      isIntroducing: (address) => this.#dialler.isIntroducing(address),
      open: (peer, connection, terms) => this.#open(peer, connection, terms),
      emit: this.#emit,
    }
  }

  // Associations

  #open(peer: Peer, connection: Connection, terms: LinkTerms): Association {
    this.#book.answersAt(peer.address, peer.uid, peer.address)
    const predecessor = this.#book.byAddress(peer.address)
    if (predecessor !== null && predecessor.peer.uid !== peer.uid) predecessor.end('node-restarted')
    const association = this.#book.byUid(peer.uid) ?? this.#associate(peer)
    this.#reconnects.get(association)?.stop()
    this.#reconnects.delete(association)
    association.attach(connection, terms, peer)
    return association
  }

  #associate(peer: Peer): Association {
    const host: AssociationHost = {
      cells: this.cells,
      cbor: this.cells.cbor,
      heartbeatMs: this.#settings.heartbeatMs,
      resolveRef: (parts) => this.refTo(parts),
      traffic: this.#traffic,
      openBatches: this.#openBatches,
      local: (to) => (typeof to === 'string' && !this.#settings.exposed.has(to) ? null : this.cells.local(to)),
      emit: this.#emit,
      wantConnection: (association, atOnce) => this.#wantConnection(association, atOnce),
      gone: (association, forGood) => this.#forget(association, forGood),
    }
    const association = new Association(host, peer)
    this.#book.add(association)
    return association
  }

  #wantConnection(association: Association, atOnce: boolean): void {
    if (this.#closed || this.#reconnects.has(association)) return
    const { disconnectGraceMs, clientGraceMs, reconnectMinMs } = this.#settings
    const { address, role } = association.peer
    const dial = address === '' ? null : (): Promise<unknown> => this.#dial(address)
    const reconnect = new Reconnect(this.cells, association, dial, {
      graceMs: role === 'client' ? clientGraceMs : disconnectGraceMs,
      minMs: reconnectMinMs,
      judged: () => this.#settings.judge?.judges(association.peer) ?? false,
    })
    this.#reconnects.set(association, reconnect)
    reconnect.start(atOnce)
  }

  #forget(association: Association, forGood: boolean): void {
    this.#reconnects.get(association)?.stop()
    this.#reconnects.delete(association)
    this.#book.remove(association)
    if (forGood) this.#quarantine.add(association.peer.uid)
  }

  #connection(link: Link): Connection {
    return new Connection(link, this.cells.timers, this.#settings.dialect, this.cells.cbor, (peer, error) => {
      this.#emit({ type: 'link-broken', peer, message: error.message })
    })
  }

  #stoppedError(address: string): SystemStoppedError {
    return new SystemStoppedError(this.cells.name, `connect to ${address}`)
  }
}

/** Refusals that anybody may have made, or that say nothing of the run of a node. */
const UNPROVEN: ReadonlySet<string> = new Set<RefusalCode>(['secret', 'busy'])
