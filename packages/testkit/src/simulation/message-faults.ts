import type { LinkModel, MessageFault, NetworkEvent } from '@troupe/transport-memory/simulated'

/** What happened to single frames by chance, as data; or what is to happen to them, instead of chance. */
export class MessageFaults {
  /** In the order in which they happened; or as they were given. */
  readonly list: MessageFault[]
  readonly #isGiven: boolean
  readonly #byFrame = new Map<string, MessageFault>()

  /** @param given null: chance decides, and what it does is written down */
  constructor(given: readonly MessageFault[] | null) {
    this.#isGiven = given !== null
    this.list = [...(given ?? [])]
    for (const fault of this.list) this.#byFrame.set(`${fault.link} ${fault.n}`, fault)
  }

  /** The model without what is left to the list. */
  without(model: LinkModel): LinkModel {
    return this.#isGiven ? withoutFaults(model) : model
  }

  /** The fault of the n-th frame from one machine to another. */
  readonly of = (from: string, to: string, n: number): MessageFault | null =>
    this.#byFrame.size === 0 ? null : (this.#byFrame.get(`${from}>${to} ${n}`) ?? null)

  /** Writes down what is a fault. */
  readonly observe = ({ kind, from, to, n, reason }: NetworkEvent): void => {
    if (this.#isGiven) return
    const link = `${from}>${to}`
    if (kind === 'dropped' && reason === 'loss') this.list.push({ link, n, fault: 'drop' })
    else if (kind === 'duplicated') this.list.push({ link, n, fault: 'duplicate' })
    else if (kind === 'corrupted') this.list.push({ link, n, fault: 'corrupt' })
  }
}

/** Links as slow as those, and without a fault. */
export function withoutFaults(model: LinkModel): LinkModel {
  return { ...model, lossPerMillion: 0, duplicatePerMillion: 0, corruptPerMillion: 0, resetPerMillion: 0 }
}
