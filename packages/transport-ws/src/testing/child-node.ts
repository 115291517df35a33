import { type ChildProcess, fork } from 'node:child_process'
import type { ChildOptions } from './child.ts'

const running = new Set<ChildNode>()

/** Kills every process that is left. */
export async function killAll(): Promise<void> {
  await Promise.all(Array.from(running, (child) => child.kill()))
}

/** A node in a process of its own. */
export class ChildNode {
  /** Path of child.ts as plain JavaScript. */
  static program = ''
  readonly process: ChildProcess
  /** Types of the events it has reported. */
  readonly events: string[] = []
  address = ''

  private constructor(options: ChildOptions) {
    if (ChildNode.program === '') throw new Error('say first where the program of a child is')
    this.process = fork(ChildNode.program, [JSON.stringify(options)], { execArgv: [] })
    running.add(this)
    this.process.once('exit', () => running.delete(this))
  }

  /** @throws what its createSystem threw, as text */
  static async start(options: ChildOptions): Promise<ChildNode> {
    const child = new ChildNode(options)
    await new Promise<void>((resolve, reject) => {
      child.process.once('exit', (status) => reject(new Error(`ended with ${status} before it was up`)))
      child.process.on('message', ({ address, event, error }: Record<string, string>) => {
        if (event !== undefined) child.events.push(event)
        if (error !== undefined) reject(new Error(error))
        if (address === undefined) return
        child.address = address
        resolve()
      })
    })
    return child
  }

  get exited(): Promise<number | null> {
    const { exitCode, signalCode } = this.process
    if (exitCode !== null || signalCode !== null) return Promise.resolve(exitCode)
    return new Promise((resolve) => this.process.once('exit', resolve))
  }

  async stop(): Promise<number | null> {
    if (this.process.connected) this.process.send('stop')
    return this.exited
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.exited
  }
}
