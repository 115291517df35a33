import type { Mutant } from './mutant.ts'

const DIR = 'packages/core/src/remoting'
const RECEPTIONIST = 'packages/core/src/system/receptionist-sync.ts'

/** Bugs of remoting. */
export const remoting: readonly Mutant[] = [
  {
    name: 'superseded-link-stays-open',
    file: `${DIR}/association.ts`,
    find: `connection.close('normal', why)`,
    replace: `if (why !== 'superseded') connection.close('normal', why)`,
    form: 'statement',
    scenario: 'pair-order',
    why: 'Order: frames of the old connection are taken after those of the new one. It is thought to be broken anyway.',
  },
  {
    name: 'batch-sent-again',
    file: `${DIR}/association.ts`,
    find: `if (batch.length > 0) this.#sendNow(encodeBatch(batch))`,
    replace: `if (batch.length > 0) {
      this.#sendNow(encodeBatch(batch))
      if (this.#blocked) for (const envelope of batch) this.#outbox.pushSystem(envelope, 0)
    }`,
    form: 'statement',
    scenario: 'pair-order',
    why: 'At most once: a false of send says to wait, and is read as a frame that was not taken.',
  },
  {
    name: 'full-link-for-ever',
    file: `${DIR}/association.ts`,
    find: `this.#route = route
    this.#blocked = false`,
    replace: `this.#route = route`,
    form: 'statement',
    scenario: 'pair-order',
    why: 'A new connection is not full: what the old one was is forgotten to be forgotten.',
  },
  {
    name: 'ref-of-former-run-accepted',
    file: `${DIR}/remoting.ts`,
    find: `if (known !== null) return known
    if (this.#closed || this.#quarantine.has(nodeUid)) return null`,
    replace: `const there = known ?? this.#book.byAddress(address)
    if (there !== null) return there
    if (this.#closed || this.#quarantine.has(nodeUid)) return null`,
    form: 'statement',
    scenario: 'pair-order',
    why: 'A ref belongs to one run: another one at the same address has other actors by the same numbers.',
  },
  {
    name: 'seed-tried-once',
    file: `${DIR}/seeds.ts`,
    find: `if (!(error instanceof RefusedError)) this.#missed(seed, toError(error))
        seed.refusedMs = RETRY_MS
        this.#later(seed, RETRY_MS)`,
    replace: `if (!(error instanceof RefusedError)) this.#missed(seed, toError(error))`,
    form: 'statement',
    scenario: 'pair-order',
    why: 'Seeds are tried again until they answer: only success goes on to the next attempt.',
  },
  {
    name: 'both-dials-taken',
    file: `${DIR}/remoting.ts`,
    find: `uid < hello.uid`,
    replace: `false`,
    form: 'expression',
    scenario: 'hostile-frames',
    why: 'Of two dials at once one is turned down before anything is sent on it: each side takes what comes.',
  },
  {
    name: 'checksum-unread',
    file: `${DIR}/seal.ts`,
    find: `claimed !== checksum(frame)`,
    replace: `false`,
    form: 'expression',
    scenario: 'pair-order',
    why: 'A frame that was damaged on its way arrives as a wrong value: TCP is thought to be enough.',
  },
  {
    name: 'open-asks-outlive-link',
    file: `${DIR}/association.ts`,
    find: `this.#asks.abandonSent('link-lost')`,
    replace: ``,
    form: 'statement',
    scenario: 'remote-asks',
    why: 'Asks in flight over a lost connection fail at once: they are left to their deadlines.',
  },
  {
    name: 'link-lost-is-not-sent',
    file: `${DIR}/open-asks.ts`,
    find: `pending.abandoned(reason)`,
    replace: `pending.undelivered('unreachable')`,
    form: 'expression',
    scenario: 'remote-asks',
    why: 'Not sent means never handled: of what was on a lost connection nobody knows.',
  },
  {
    name: 'correlation-used-again',
    file: `${DIR}/open-asks.ts`,
    find: `++this.#last`,
    replace: `this.#pending.size + 1`,
    form: 'expression',
    scenario: 'remote-asks',
    why: 'An answer belongs to one ask: the number of those that are open is taken for a number that is free.',
  },
  {
    name: 'ask-sent-unmarked',
    file: `${DIR}/outbox.ts`,
    find: `if (pending !== null) pending.markSent()`,
    replace: ``,
    form: 'statement',
    scenario: 'remote-asks',
    why: 'Not sent means never handled: a time-out of an ask that has left is taken for one of an ask that has not.',
  },
  {
    name: 'time-left-ignored',
    file: `${DIR}/remote-reply.ts`,
    find: `this.#clock.now() < this.#deadlineMs`,
    replace: `true`,
    form: 'expression',
    scenario: 'remote-asks',
    why: 'An ask whose time is over never reaches the handler: only the asking side looks at the clock.',
  },
  {
    name: 'own-time-over-a-hop',
    file: `${DIR}/remote-ref.ts`,
    find: `nested.start(timers, head)`,
    replace: `nested.startNow(timers)`,
    form: 'statement',
    scenario: 'remote-asks',
    why: 'An ask of a handler has no more time than its asker: it is given its own, as any other.',
  },
  {
    name: 'time-starts-at-arrival',
    file: `${DIR}/outbox.ts`,
    find: `pending.remainingMs() ?? 0`,
    replace: `pending.timeoutMs`,
    form: 'expression',
    scenario: 'remote-asks',
    why: 'The time left travels, not the whole of it: an ask that waited for a connection comes with all its time.',
  },
  {
    name: 'watches-not-renewed',
    file: `${DIR}/association.ts`,
    find: `this.#watches.renew()`,
    replace: ``,
    form: 'statement',
    scenario: 'remote-watch',
    why: 'Each watch brings a notice, however often the connection is lost: the other side is thought to know of it.',
  },
  {
    name: 'system-messages-first',
    file: `${DIR}/association.ts`,
    find: `this.#outbox.pushSystem(envelope, payloadBytes)`,
    replace: `if (this.#connection !== null && !this.#blocked) this.#sendNow(encodeBatch([envelope]))
    else this.#outbox.pushSystem(envelope, payloadBytes)`,
    form: 'statement',
    scenario: 'remote-watch',
    why: 'A notice comes after all the target sent: it is in a hurry, and overtakes what waits for the end of the turn.',
  },
  {
    name: 'nobody-in-quarantine',
    file: `${DIR}/remoting.ts`,
    find: `if (forGood) this.#quarantine.add(association.peer.uid)`,
    replace: ``,
    form: 'statement',
    scenario: 'remote-watch',
    why: 'A run that counts as down is refused for good: it comes back as if nothing had been said of its end.',
  },
  {
    name: 'hello-from-quarantine',
    file: `${DIR}/remoting.ts`,
    find: `this.#quarantine.has(hello.uid)`,
    replace: `false`,
    form: 'expression',
    scenario: 'remote-watch',
    why: 'A run that counts as down is refused for good, also when it is the one that dials.',
  },
  {
    name: 'welcome-from-quarantine',
    file: `${DIR}/remoting.ts`,
    find: `this.#quarantine.has(uid)`,
    replace: `false`,
    form: 'expression',
    scenario: 'remote-watch',
    why: 'A run that counts as down is refused for good, also when it is the one that answers.',
  },
  {
    name: 'grace-goes-on',
    file: `${DIR}/remoting.ts`,
    find: `this.#reconnects.get(association)?.stop()
    this.#reconnects.delete(association)
    association.attach(connection, number, peer)`,
    replace: `this.#reconnects.delete(association)
    association.attach(connection, number, peer)`,
    form: 'statement',
    scenario: 'remote-watch',
    why: 'A loss shorter than the grace is no death: the grace is not called off when the connection is back.',
  },
  {
    name: 'restart-unnoticed',
    file: `${DIR}/remoting.ts`,
    find: `if (predecessor !== null && predecessor.peer.uid !== peer.uid) predecessor.end('node-restarted')`,
    replace: ``,
    form: 'statement',
    scenario: 'remote-watch',
    why: 'A new run at the same address is the end of the one before, at once: that one is left to its grace.',
  },
  {
    name: 'reconnects-once',
    file: `${DIR}/reconnect.ts`,
    find: `if (!(error instanceof RefusedError && error.reason === 'duplicate')) this.#association.unreachable()
      this.#later()`,
    replace: `if (!(error instanceof RefusedError && error.reason === 'duplicate')) this.#association.unreachable()`,
    form: 'statement',
    scenario: 'remote-watch',
    why: 'A loss shorter than the grace is no death: one failed attempt is the last.',
  },
  {
    name: 'stall-counts-as-grace',
    file: `${DIR}/reconnect.ts`,
    find: `tookMs < pieceMs + PIECE_MS`,
    replace: `true`,
    form: 'expression',
    scenario: 'remote-watch',
    why: 'A node that was stalled accuses nobody: its own pause is counted as an absence of the others.',
  },
  {
    name: 'stalled-node-accuses',
    file: `${DIR}/heartbeat.ts`,
    find: `nowMs - this.#lastBeatMs > 2 * this.#periodMs`,
    replace: `false`,
    form: 'expression',
    scenario: 'remote-watch',
    why: 'A node that was stalled accuses nobody: what the others sent meanwhile is unread, and counts as silence.',
  },
  {
    name: 'dead-stay-listed',
    file: RECEPTIONIST,
    find: `if (change.down) this.#receptionist.dropRemote(change.node)`,
    replace: ``,
    form: 'statement',
    scenario: 'receptionist',
    why: 'What a node had registered is gone with it: only its own word takes anything off the list.',
  },
  {
    name: 'list-only-grows',
    file: RECEPTIONIST,
    find: `this.#receptionist.dropRemote(all.node, new Set(listings.map(({ protocol }) => protocol)))`,
    replace: ``,
    form: 'statement',
    scenario: 'receptionist',
    why: 'After a reconnect all nodes list the same: what is not on the new list any more is forgotten to be taken off.',
  },
  {
    name: 'lists-once',
    file: RECEPTIONIST,
    find: `peer.sync?.tell('replace', { node: this.#uid, version: this.#next(peer.node), listings })`,
    replace: `const told = (this.onceTold ??= new Set())
    if (!told.has(peer.node)) peer.sync?.tell('replace', { node: this.#uid, version: this.#next(peer.node), listings })
    told.add(peer.node)`,
    form: 'statement',
    scenario: 'receptionist',
    why: 'After a reconnect all nodes list the same: changes while there was no connection are never made up for.',
  },
  {
    name: 'broken-frame-skipped',
    file: `${DIR}/connection.ts`,
    find: `this.#break(toError(thrown))`,
    replace: `this.#onBroken(this.peer, toError(thrown))`,
    form: 'statement',
    scenario: 'hostile-frames',
    why: 'Bytes that break the protocol close the link: they are reported, and what comes behind them is believed.',
  },
  {
    name: 'greeting-unchecked',
    file: `${DIR}/greeting.ts`,
    find: `!check(Reflect.get(greeting, field))`,
    replace: `false`,
    form: 'expression',
    scenario: 'hostile-frames',
    why: 'Bytes that break the protocol close the link: types are taken for checks.',
  },
  {
    name: 'envelope-unchecked',
    file: `${DIR}/decode-batch.ts`,
    find: `if (frame[at] !== 0xfb || at + 9 > frame.length) throw new MalformedFrameError('a field that is no number')`,
    replace: `if (frame[at] !== 0xfb || at + 9 > frame.length) {
    skip()
    return 0
  }`,
    form: 'statement',
    scenario: 'hostile-frames',
    why: 'Bytes that break the protocol close the link: what is no number counts as 0, as if there were one.',
  },
  {
    name: 'late-dial-takes-over',
    file: `${DIR}/remoting.ts`,
    find: `if (known?.connected) {
      // The other side was faster. A hello that knows of its link would take the place of it, and lose what is on it.
      link.close('normal', 'there is a link already')
      return Promise.resolve(known.peer)
    }`,
    replace: ``,
    form: 'statement',
    scenario: 'hostile-frames',
    why: 'Without a fault no connection is lost: a dial under way goes on when the other side was faster.',
  },
  {
    name: 'nobody-heard',
    file: `${DIR}/association.ts`,
    find: `this.#heartbeat?.heard()`,
    replace: ``,
    form: 'statement',
    scenario: 'hostile-frames',
    why: 'Who speaks is there: the time of silence is never set back, as if it were that of the connection.',
  },
]
