import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FromChild, ToChild } from './child-messages.ts'

/** A child process could not start. */
export class ChildFailedError extends Error {
  override readonly name = 'ChildFailedError'
  readonly code: string

  constructor(what: string, code: string, message: string) {
    super(`${what} cannot start: ${message}`)
    this.code = code
  }
}

/** A process of the cluster, seen from the one that started it. */
export class Child {
  readonly what: string
  readonly #process: ChildProcess
  readonly #exited: Promise<void>
  address = ''
  url = ''

  private constructor(what: string, process: ChildProcess) {
    this.what = what
    this.#process = process
    this.#exited = new Promise((resolve) => {
      process.once('exit', () => resolve())
      process.once('error', () => resolve())
    })
  }

  /** @param program beside this one, in the language that this one is in; without extension @throws {ChildFailedError} */
  static async start(what: string, program: string, args: readonly string[]): Promise<Child> {
    const path = fileURLToPath(new URL(`${program}${extname(import.meta.url)}`, import.meta.url))
    // Its own words go to standard error: the output of this process is the user's.
    const child = new Child(what, fork(path, args, { stdio: ['ignore', 2, 2, 'ipc'] }))
    await child.#started()
    return child
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** Has it connect to these nodes. Resolves when it knows them, or has ended. */
  async join(addresses: readonly string[]): Promise<void> {
    const joined = new Promise<void>((resolve) => {
      const heard = (message: FromChild): void => {
        if (message.type !== 'joined') return
        this.#process.off('message', heard)
        resolve()
      }
      this.#process.on('message', heard)
    })
    this.#tell({ type: 'join', addresses })
    await Promise.race([joined, this.#exited])
  }

  /** Calls back when the process has ended by itself. */
  onExit(callback: (how: string) => void): void {
    this.#process.once('exit', (status, signal) => callback(signal ?? `status ${status}`))
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#exited
  }

  /** Asks it to end, and makes it when it does not. */
  async stop(): Promise<void> {
    this.#tell({ type: 'stop' })
    const deadline = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS)
    await this.#exited
    clearTimeout(deadline)
  }

  #tell(message: ToChild): void {
    // It may be ending just now: then there is nobody to tell.
    if (this.#process.connected) this.#process.send(message, () => {})
  }

  #started(): Promise<void> {
    return new Promise((resolve, reject) => {
      const ended = (status: number | null): void => {
        reject(new ChildFailedError(this.what, 'EXITED', `it ended with status ${status}`))
      }
      this.#process.once('exit', ended)
      this.#process.once('error', reject)
      this.#process.once('message', (message: FromChild) => {
        this.#process.off('exit', ended)
        if (message.type === 'failed') return reject(new ChildFailedError(this.what, message.code, message.message))
        if (message.type === 'joined') return
        this.address = message.address
        this.url = message.url ?? ''
        resolve()
      })
    })
  }
}

/** How long a process may take to end in order, in ms. */
const STOP_MS = 5_000
