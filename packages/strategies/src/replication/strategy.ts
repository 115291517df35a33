import { checkOptions, is } from '@troupe/core'
import type { Guarantee } from './guarantee.ts'

/** How many backups must have a write before it is acknowledged, and what that is worth. */
export interface ReplicationStrategy {
  readonly name: string
  readonly guarantee: Guarantee
  /** @param backups how many the primary has, reachable or not */
  acknowledgements(backups: number): number
}

const READS = 'From the primary: every acknowledged write, unless another primary has been appointed meanwhile.'

/** The primary waits for some of its backups; when it cannot have as many, the write fails. */
export class PrimaryBackup implements ReplicationStrategy {
  readonly name = 'primary-backup'
  readonly guarantee: Guarantee
  readonly #acks: number

  /**
   * @param options `acks`: backups that must have a write, 1 or more. Default 1: survives the loss of any one replica
   * @throws {InvalidOptionError | UnknownOptionError}
   */
  constructor(options: { readonly acks?: number } = {}) {
    checkOptions('PrimaryBackup', options, { acks: is.integer(1) })
    this.#acks = options.acks ?? 1
    const some = this.#acks === 1 ? 'one backup' : `${this.#acks} backups`
    this.guarantee = {
      acknowledged: `The primary and ${some} have it in memory.`,
      reads: READS,
      losesWhen: 'The primary and every backup that had it are lost, or a backup is appointed that had it not.',
    }
  }

  acknowledgements(): number {
    return this.#acks
  }
}

/** The primary waits for all of its backups; one that is lost stops all writes until it is back or taken off. */
export class Synchronous implements ReplicationStrategy {
  readonly name = 'synchronous'
  readonly guarantee: Guarantee = {
    acknowledged: 'Every replica of the view has it in memory.',
    reads: READS,
    losesWhen: 'All replicas are lost.',
  }

  acknowledgements(backups: number): number {
    return backups
  }
}

/** The primary answers at once and sends the write on afterwards. */
export class Asynchronous implements ReplicationStrategy {
  readonly name = 'asynchronous'
  readonly guarantee: Guarantee = {
    acknowledged: 'The primary has it in memory, nobody else need have it yet.',
    reads: READS,
    losesWhen: 'The primary is lost before it has sent the write on.',
  }

  acknowledgements(): number {
    return 0
  }
}
