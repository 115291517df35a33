import { Fifo } from './fifo.ts'
import type { Mailbox, MessageHead } from './mailbox.ts'

/** Takes everything, first in, first out: what an actor has unless it is given another one. */
export class UnboundedMailbox extends Fifo implements Mailbox {
  get full(): boolean {
    return false
  }

  override push(head: MessageHead, payload: unknown): 'queued' {
    super.push(head, payload)
    return 'queued'
  }
}
