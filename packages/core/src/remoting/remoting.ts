import type { CellHost, LocalTarget } from '../actor/cell-host.ts'
import type { ActorRef, AnyRef, Ref } from '../actor/ref.ts'
import type { RefParts } from '../codec/cbor.ts'
import { DialError, ProtocolMismatchError, RefusedError, SystemStoppedError, toError } from '../errors.ts'
import type { Link, Transport } from '../transport/transport.ts'
import { Association, type AssociationHost } from './association.ts'
import { Connection, type Reception } from './connection.ts'
import { type Hello, refusal, type Welcome } from './greeting.ts'
import type { Peer, PeerEvent } from './peer-event.ts'
import { Reconnect } from './reconnect.ts'
import { type Associations, RemoteRef } from './remote-ref.ts'
import { PROTOCOL_VERSIONS, type To } from './wire.ts'

/** What remoting needs of its node. */
export interface RemotingHost extends CellHost {
  readonly name: string
  local(to: To): LocalTarget | null
  ownRef(uid: number, path: string): ActorRef<never>
}

export interface RemotingSettings {
  readonly cluster: string
  readonly seeds: readonly string[]
  readonly disconnectGraceMs: number
  readonly heartbeatMs: number
  readonly handshakeTimeoutMs: number
  readonly reconnectMinMs: number
}

/** How often seeds that are not connected are tried again, in ms. */
const SEED_RETRY_MS = 1_000

/** The connections of one node: dials and accepts, keeps one association per run of a peer, makes remote refs. */
export class Remoting implements Associations {
  readonly cells: RemotingHost
  readonly #transport: Transport
  readonly #settings: RemotingSettings
  readonly #emit: (event: PeerEvent) => void
  readonly #associations = new Map<string, Association>()
  readonly #reconnects = new Map<Association, Reconnect>()
  /** Runs of peers that count as down: they are refused for good, so that nothing comes from the dead. */
  readonly #gone = new Set<string>()
  /** Addresses being dialled now, to settle two nodes dialling each other. */
  readonly #dialling = new Map<string, Promise<Peer>>()
  #closed = false

  constructor(cells: RemotingHost, transport: Transport, settings: RemotingSettings, emit: (event: PeerEvent) => void) {
    this.cells = cells
    this.#transport = transport
    this.#settings = settings
    this.#emit = emit
  }

  /** @returns the address of this node, an empty string when it only dials */
  async listen(): Promise<string> {
    return (await this.#transport.listen((link) => this.#accept(link), this.cells.runtime)) ?? ''
  }

  /** Connects to the seeds, now and whenever one of them is not connected, until the node stops. */
  connectSeeds(): void {
    if (this.#closed || this.#settings.seeds.length === 0) return
    for (const seed of this.#settings.seeds) {
      if (seed !== this.cells.address && this.#byAddress(seed) === null) this.#dial(seed).catch(() => {})
    }
    this.cells.timers.after(SEED_RETRY_MS, () => this.connectSeeds())
  }

  get peers(): readonly Peer[] {
    return [...this.#associations.values()].filter((association) => association.connected).map(({ peer }) => peer)
  }

  async connect(address: string, timeoutMs: number): Promise<Peer> {
    const { clock } = this.cells.runtime
    const deadlineMs = clock.now() + timeoutMs
    for (let waitMs = this.#settings.reconnectMinMs; ; waitMs *= 2) {
      const known = this.#byAddress(address)
      if (known?.connected) return known.peer
      try {
        return await this.#dial(address)
      } catch (error) {
        if (this.#closed || !mayRetry(error) || clock.now() + waitMs >= deadlineMs) throw error
      }
      await new Promise<void>((resolve) => void this.cells.timers.after(waitMs, resolve))
    }
  }

  refTo(parts: RefParts): AnyRef {
    if (parts.nodeUid === this.cells.uid) return this.cells.ownRef(parts.uid, parts.path)
    return new RemoteRef<never>(this, parts)
  }

  /** A ref to what stands at `path` on a peer, for services that every node has. */
  serviceOf<P>({ address, uid }: Peer, path: string): Ref<P> {
    return new RemoteRef<P>(this, { address, nodeUid: uid, path, uid: 0 })
  }

  associationFor(nodeUid: string, address: string): Association | null {
    const known = this.#associations.get(nodeUid)
    if (known !== undefined) return known
    if (this.#closed || this.#gone.has(nodeUid)) return null
    const association = this.#associate({ uid: nodeUid, name: '', address })
    this.#wantConnection(association)
    return association
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const association of [...this.#associations.values()]) association.leave()
    await this.#transport.close()
  }

  // Dialling

  /** One attempt; a second one to the same address joins it. */
  #dial(address: string, expected: Association | null = null): Promise<Peer> {
    const underWay = this.#dialling.get(address)
    if (underWay !== undefined) return underWay
    const attempt = this.#attempt(address, expected).finally(() => this.#dialling.delete(address))
    this.#dialling.set(address, attempt)
    return attempt
  }

  async #attempt(address: string, expected: Association | null): Promise<Peer> {
    if (this.#closed) throw new SystemStoppedError(this.cells.name, `connect to ${address}`)
    const abort = new AbortController()
    const { handshakeTimeoutMs } = this.#settings
    const deadline = this.cells.timers.after(handshakeTimeoutMs, () => abort.abort())
    let link: Link
    try {
      link = await this.#transport.dial(address, abort.signal)
    } finally {
      deadline.cancel()
    }
    const connection = this.#connection(link)
    return new Promise((resolve, reject) => {
      const known = expected ?? this.#byAddress(address)
      const onWelcome = (welcome: Welcome): Association => {
        const association = this.#welcomed(welcome, connection, address)
        resolve(association.peer)
        return association
      }
      connection.introduce(this.#hello(known?.epoch ?? 0), handshakeTimeoutMs, onWelcome, (error) => {
        if (error instanceof RefusedError && error.reason !== 'duplicate') this.#refused(error, known)
        reject(error)
      })
    })
  }

  #hello(epoch: number): Hello {
    const { uid, name, address } = this.cells
    return { troupe: 'hello', ...PROTOCOL_VERSIONS, cluster: this.#settings.cluster, name, uid, address, epoch }
  }

  #welcomed(welcome: Welcome, connection: Connection, address: string): Association {
    if (this.#closed || this.#gone.has(welcome.uid))
      throw new RefusedError(welcome.name, 'quarantined', 'this run of it counts as down')
    // A peer that only dials has no address of its own; one behind another name is known by the name dialled.
    const peer = { uid: welcome.uid, name: welcome.name, address: welcome.address || address }
    return this.#open(peer, connection, welcome.epoch)
  }

  #refused(error: RefusedError, known: Association | null): void {
    this.#emit({ type: 'link-refused', peer: error.message, code: error.reason, message: error.message })
    if (known !== null) known.end('node-down')
  }

  // Accepting

  #accept(link: Link): void {
    const connection = this.#connection(link)
    connection.receive(this.#settings.handshakeTimeoutMs, (hello) => {
      const reception = this.#reception(hello, connection)
      if ('troupe' in reception && reception.code !== 'duplicate') {
        this.#emit({ type: 'link-refused', peer: hello.name, code: reception.code, message: reception.message })
      }
      return reception
    })
  }

  #reception(hello: Hello, connection: Connection): Reception {
    const { uid, name, address } = this.cells
    if (this.#closed) return refusal('stopping', `${name} is stopping`)
    if (hello.uid === uid) return refusal('self', `${name} dialled itself`)
    if (hello.cluster !== this.#settings.cluster) {
      return refusal('cluster', `${name} is of cluster "${this.#settings.cluster}", not "${hello.cluster}"`)
    }
    if (this.#gone.has(hello.uid))
      return refusal('quarantined', `${hello.name} counts as down at ${name}; start it anew`)
    const known = this.#associations.get(hello.uid)
    if (known?.connected && hello.epoch < known.epoch) return refusal('duplicate', 'there is a link already')
    if (!known?.connected && uid < hello.uid && this.#dialling.has(hello.address)) {
      // Both dial at once: the link of the node with the lower uid is kept.
      return refusal('duplicate', 'a link is being made the other way')
    }
    const epoch = Math.max(known?.epoch ?? 0, hello.epoch) + 1
    return {
      welcome: { troupe: 'welcome', version: PROTOCOL_VERSIONS.max, name, uid, address, epoch },
      accept: () => this.#open({ uid: hello.uid, name: hello.name, address: hello.address }, connection, epoch),
    }
  }

  // Associations

  #open(peer: Peer, connection: Connection, epoch: number): Association {
    const predecessor = peer.address === '' ? null : this.#byAddress(peer.address)
    if (predecessor !== null && predecessor.peer.uid !== peer.uid) predecessor.end('node-restarted')
    const association = this.#associations.get(peer.uid) ?? this.#associate(peer)
    this.#reconnects.get(association)?.stop()
    this.#reconnects.delete(association)
    association.attach(connection, epoch, peer)
    return association
  }

  #associate(peer: Peer): Association {
    const host: AssociationHost = {
      cells: this.cells,
      heartbeatMs: this.#settings.heartbeatMs,
      resolveRef: (parts) => this.refTo(parts),
      local: (to) => this.cells.local(to),
      emit: this.#emit,
      wantConnection: (association) => this.#wantConnection(association),
      gone: (association) => this.#forget(association),
    }
    const association = new Association(host, peer)
    this.#associations.set(peer.uid, association)
    return association
  }

  #wantConnection(association: Association): void {
    if (this.#closed || this.#reconnects.has(association)) return
    const { disconnectGraceMs, reconnectMinMs } = this.#settings
    const { address } = association.peer
    const dial = address === '' ? null : (): Promise<unknown> => this.#dial(address, association)
    const reconnect = new Reconnect(this.cells, association, dial, {
      graceMs: disconnectGraceMs,
      minMs: reconnectMinMs,
    })
    this.#reconnects.set(association, reconnect)
    reconnect.start()
  }

  #forget(association: Association): void {
    this.#reconnects.get(association)?.stop()
    this.#reconnects.delete(association)
    this.#associations.delete(association.peer.uid)
    this.#gone.add(association.peer.uid)
  }

  #byAddress(address: string): Association | null {
    for (const association of this.#associations.values()) if (association.peer.address === address) return association
    return null
  }

  #connection(link: Link): Connection {
    return new Connection(link, this.cells.timers, (peer, error) => {
      this.#emit({ type: 'link-broken', peer, message: error.message })
    })
  }
}

/** Whether another attempt to connect may end otherwise. */
function mayRetry(error: unknown): boolean {
  if (error instanceof RefusedError) return error.reason === 'duplicate' || error.reason === 'stopping'
  return (
    error instanceof DialError ||
    !(toError(error) instanceof ProtocolMismatchError || error instanceof SystemStoppedError)
  )
}
