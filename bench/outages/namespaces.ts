import { spawnSync } from 'node:child_process'
import type { Place } from './cluster.ts'

const PORT = 7_000

/**
 * A network of its own for each member, by namespaces of the Linux kernel, all on one switch or on two. It needs root and
 * the command `ip`, and leaves the network of the host alone.
 */
export class Namespaces implements Place {
  readonly #prefix: string
  readonly #size: number

  /** @returns null where it is not allowed, with the reason on standard error */
  static create(size: number): Namespaces | string {
    const spaces = new Namespaces(size)
    const failure = spaces.#make()
    if (failure === null) return spaces
    spaces.remove()
    return failure
  }

  private constructor(size: number) {
    this.#prefix = `troupe${process.pid}`
    this.#size = size
  }

  at(number: number): { readonly wrapper: readonly string[]; readonly host: string; readonly port: number } {
    return { wrapper: ['ip', 'netns', 'exec', this.#name(number)], host: addressOf(number), port: PORT }
  }

  /** Puts these members on a switch of their own, which leads nowhere else. */
  part(members: readonly number[]): void {
    for (const number of members) this.#plug(number, 'there')
  }

  /** Puts all on one switch. */
  heal(): void {
    for (let number = 0; number < this.#size; number++) this.#plug(number, 'here')
  }

  remove(): void {
    for (let number = 0; number < this.#size; number++) ip('netns', 'del', this.#name(number))
    ip('netns', 'del', this.#hub)
  }

  get #hub(): string {
    return `${this.#prefix}hub`
  }

  #name(number: number): string {
    return `${this.#prefix}n${number}`
  }

  #plug(number: number, bridge: string): void {
    ip('-n', this.#hub, 'link', 'set', `p${number}`, 'master', bridge)
  }

  #make(): string | null {
    const steps = [['netns', 'add', this.#hub]]
    for (const bridge of ['here', 'there']) {
      steps.push(['-n', this.#hub, 'link', 'add', bridge, 'type', 'bridge'])
      steps.push(['-n', this.#hub, 'link', 'set', bridge, 'up'])
    }
    for (let number = 0; number < this.#size; number++) {
      const name = this.#name(number)
      steps.push(['netns', 'add', name])
      steps.push(['-n', this.#hub, 'link', 'add', `p${number}`, 'type', 'veth', 'peer', 'name', 'e0', 'netns', name])
      steps.push(['-n', this.#hub, 'link', 'set', `p${number}`, 'master', 'here', 'up'])
      steps.push(['-n', name, 'addr', 'add', `${addressOf(number)}/24`, 'dev', 'e0'])
      steps.push(['-n', name, 'link', 'set', 'e0', 'up'])
      steps.push(['-n', name, 'link', 'set', 'lo', 'up'])
    }
    for (const step of steps) {
      const failure = ip(...step)
      if (failure !== null) return `ip ${step.join(' ')}: ${failure}`
    }
    return null
  }
}

function addressOf(number: number): string {
  return `10.9.8.${number + 1}`
}

/** @returns what went wrong; null when nothing did */
function ip(...args: readonly string[]): string | null {
  const { status, stderr, error } = spawnSync('ip', args, { encoding: 'utf8' })
  return status === 0 ? null : (error?.message ?? stderr.trim())
}
