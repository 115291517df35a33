import type { CellHost, LocalTarget } from '../actor/cell-host.ts'
import { OwnMessage } from '../actor/own-message.ts'
import { MalformedFrameError } from '../errors.ts'
import type { Deadline } from '../runtime/timer-queue.ts'
import { MOST_LANES, WINDOW_BYTES, WINDOW_MESSAGES } from './lane.ts'
import { type Envelope, EVERYBODY, Kind } from './wire.ts'

/**
 * Credit goes back for an eighth of what may be out, or once a second for whatever it is. With larger steps, a sender that is
 * told by the actor itself how far that has come would wait for credit.
 */
const MARK_MESSAGES: number = WINDOW_MESSAGES / 8
const MARK_BYTES: number = WINDOW_BYTES / 8
const REST_MS = 1_000
/** Or once there are so many actors that something came for: no sender is held up by having many of them. */
const MARK_ACCOUNTS: number = MOST_LANES / 8

/** Of one peer for all actors together, in bytes and in messages. */
const MOST_BYTES = 64 * 1024 * 1024
const MOST_MESSAGES = 262_144
/** What an array, a map or the like takes in memory, about: an empty one is a byte on the wire. */
const OBJECT_BYTES = 64

/** Markers outlive incarnations, as the mailbox does. */
const ALWAYS = { live: true } as const

/** What a peer has sent to one actor of this node. */
export class Account {
  readonly to: number
  /** Not given credit for. */
  owed = 0
  owedBytes = 0
  /** That part of it which came since the last marker. */
  unmarked = 0
  unmarkedBytes = 0
  /** What that takes besides its payloads, in bytes. */
  unmarkedExtra = 0
  /** That part of it which is handled. */
  free = 0
  freeBytes = 0
  /** Who got the last message; null where nobody did. */
  target: LocalTarget | null = null

  constructor(to: number) {
    this.to = to
  }
}

/** Queued behind messages from abroad: when its turn comes they have been handled. It is never handled itself. */
class CreditMarker extends OwnMessage {
  readonly #host: Pick<CellHost, 'dispatcher'>
  readonly #onPassed: () => void

  constructor(host: Pick<CellHost, 'dispatcher'>, onPassed: () => void) {
    super('', ALWAYS)
    this.#host = host
    this.#onPassed = onPassed
  }

  get last(): boolean {
    return true
  }

  override begin(): boolean {
    this.#host.dispatcher.putAside()
    this.#onPassed()
    return false
  }

  /** The actor has ended, and what it had not handled has become dead letters. */
  override undelivered(): boolean {
    this.#onPassed()
    return false
  }
}

/**
 * What one peer has sent to actors of this node, and gets credit back for when it has been handled. A marker behind the
 * messages in the mailbox says when that is, so that a message costs two additions, and one in 512 a marker.
 */
export class CreditLedger {
  readonly #host: Pick<CellHost, 'dispatcher' | 'timers'>
  readonly #onCredit: () => void
  readonly #accounts = new Map<number, Account>()
  /** What the present connection begins with, until that is said. */
  #standing: readonly Envelope[] = []
  /** Those with something to give back. */
  readonly #due = new Set<Account>()
  /** Messages come in bursts. */
  #last: Account | null = null
  #rest: Deadline | null = null
  /** Whether the peer is given credit, and has to keep to it. */
  #isGiving = false
  /** Of all accounts together. */
  #owed = 0
  #owedBytes = 0
  /** What all that waits takes besides its payloads. */
  #extra = 0
  /** With something that came since the last marker. */
  #unmarkedAccounts = 0

  /** @param onCredit there is credit to give back, as soon as may be */
  constructor(host: Pick<CellHost, 'dispatcher' | 'timers'>, onCredit: () => void) {
    this.#host = host
    this.#onCredit = onCredit
  }

  get hasDue(): boolean {
    return this.#due.size > 0 || this.#standing.length > 0
  }

  /** Whether too much of the peer waits, for whichever actors: what comes is dropped. */
  get isFull(): boolean {
    return this.#owed > MOST_MESSAGES || this.#owedBytes + this.#extra > MOST_BYTES
  }

  /**
   * A message is here, and about to be queued.
   *
   * @returns null when there is no room for it, and its sender knows of no credit
   * @throws {MalformedFrameError} when there was no credit for it
   */
  received(to: number, payloadBytes: number): Account | null {
    let account = this.#last
    if (account === null || account.to !== to) {
      account = this.#accounts.get(to) ?? null
      if (account === null) {
        if (this.#accounts.size >= MOST_LANES) {
          if (!this.#isGiving) return null
          throw new MalformedFrameError(
            `messages for more than ${MOST_LANES.toLocaleString('en')} actors without credit`,
          )
        }
        account = new Account(to)
        this.#accounts.set(to, account)
      }
      this.#last = account
    }
    if (account.owed >= WINDOW_MESSAGES || account.owedBytes >= WINDOW_BYTES) {
      if (!this.#isGiving) return null
      throw new MalformedFrameError(`a message for actor ${to} without credit`)
    }
    account.owed++
    account.owedBytes += payloadBytes
    this.#owed++
    this.#owedBytes += payloadBytes
    return account
  }

  /**
   * That message is queued, or has become a dead letter.
   *
   * @param objects in its payload
   */
  queued(account: Account, payloadBytes: number, objects: number, target: LocalTarget | null): void {
    const extra = OBJECT_BYTES * objects
    account.unmarkedExtra += extra
    this.#extra += extra
    // One that nobody gets is no proof that those before it are handled.
    if (target !== null) account.target = target
    if (account.unmarked++ === 0) this.#unmarkedAccounts++
    account.unmarkedBytes += payloadBytes
    if (account.unmarked >= MARK_MESSAGES || account.unmarkedBytes >= MARK_BYTES) this.#mark(account)
    else if (this.#unmarkedAccounts >= MARK_ACCOUNTS) this.#markAll()
    else this.#rest ??= this.#host.timers.after(REST_MS, () => this.#markAll())
  }

  /** Takes what is to be given back. */
  take(): Envelope[] {
    if (!this.hasDue) return []
    const credits: Envelope[] = [...this.#standing]
    this.#standing = []
    for (const account of this.#due) {
      credits.push([Kind.credit, account.to, account.free, account.freeBytes])
      this.#settle(account)
    }
    this.#due.clear()
    return credits
  }

  /** The connection is lost: what was to be given back is in what the next one begins with. */
  disconnected(): void {
    for (const account of this.#due) this.#settle(account)
    this.#due.clear()
    this.#standing = []
  }

  /**
   * A connection begins: of what has come this is not handled, and all else is.
   *
   * @param isGiving whether the peer knows of credit
   */
  connected(isGiving: boolean): void {
    this.#isGiving = isGiving
    if (!isGiving) return
    const standing: Envelope[] = []
    for (const { to, owed, owedBytes } of this.#accounts.values()) standing.push([Kind.credit, to, -owed, -owedBytes])
    this.#standing = [...standing, [Kind.credit, EVERYBODY, 0, 0]]
  }

  /** That run of the peer is over. */
  close(): void {
    this.#rest?.cancel()
    this.#rest = null
    this.#accounts.clear()
    this.#due.clear()
    this.#last = null
    this.#owed = 0
    this.#owedBytes = 0
    this.#extra = 0
    this.#unmarkedAccounts = 0
  }

  #settle(account: Account): void {
    this.#owed -= account.free
    this.#owedBytes -= account.freeBytes
    account.owed -= account.free
    account.owedBytes -= account.freeBytes
    account.free = 0
    account.freeBytes = 0
    if (account.owed > 0) return
    this.#accounts.delete(account.to)
    if (this.#last === account) this.#last = null
  }

  #mark(account: Account): void {
    const { target, unmarked, unmarkedBytes, unmarkedExtra } = account
    this.#unmarkedAccounts--
    account.unmarked = 0
    account.unmarkedBytes = 0
    account.unmarkedExtra = 0
    const passed = (): void => this.#passed(account, unmarked, unmarkedBytes, unmarkedExtra)
    if (target === null) passed()
    else target.enqueue(new CreditMarker(this.#host, passed), undefined)
  }

  #markAll(): void {
    this.#rest?.cancel()
    this.#rest = null
    for (const account of this.#accounts.values()) if (account.unmarked > 0) this.#mark(account)
  }

  #passed(account: Account, messages: number, payloadBytes: number, extra: number): void {
    // After the end of the peer there is nobody to give it to.
    if (this.#accounts.get(account.to) !== account) return
    this.#extra -= extra
    account.free += messages
    account.freeBytes += payloadBytes
    if (!this.#isGiving) return this.#settle(account)
    this.#due.add(account)
    this.#onCredit()
  }
}
