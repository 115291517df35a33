import type { Head } from '../actor/origin.ts'
import { Fifo } from './fifo.ts'
import type { Mailbox } from './mailbox.ts'

/** Takes everything, first in, first out: what an actor has unless it is given another one. */
export class UnboundedMailbox extends Fifo implements Mailbox {
  override push(head: Head, payload: unknown): 'queued' {
    super.push(head, payload)
    return 'queued'
  }
}
